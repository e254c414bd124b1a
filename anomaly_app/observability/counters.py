"""Counts of what a worker has done since its start."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

LATENCY_WINDOW = 8192
"""Number of latest transactions that the latency quantiles cover."""

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


class LatencyWindow:
    """The latencies of the last `LATENCY_WINDOW` transactions."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=LATENCY_WINDOW)

    def add(self, seconds: Iterable[float]) -> None:
        """Add latencies, in seconds."""
        self._seconds.extend(seconds)

    def quantiles(self) -> dict[str, float | None]:
        """Return quantiles in seconds; None before the first transaction."""
        held = list(self._seconds)
        return {
            name: round(float(np.quantile(held, q)), 6) if held else None
            for name, q in QUANTILES.items()
        }


@dataclass
class Counters:
    """Counts of one worker process; each only grows.

    Parameters
    ----------
    scored
        Transactions that were scored.
    anomalies
        Anomalies that were sent to the anomalies topic.
    dead_letters
        Records that were sent to the dead letters, by rejection.
    alerts
        Messages of the anomalies topic that were taken in, by what became of them.
    feedback
        Messages of the feedback topic, in the same way.
    decisions
        Decisions about telling somebody of an incident, by the stage that did not let it pass.
    batches
        Number of batches in which records were judged, each of all records that were waiting.
    absent
        Scored records without a feature, or without the key or time of the roles, by its name.
    lost_to_retention
        Offsets that were deleted before they were read, by topic and partition.
    latency
        From a record's timestamp in Kafka to the end of its batch; a sample for large batches.
    """

    scored: int = 0
    anomalies: int = 0
    batches: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    feedback: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    absent: Counter[str] = field(default_factory=Counter)
    lost_to_retention: Counter[tuple[str, int]] = field(default_factory=Counter)
    latency: LatencyWindow = field(default_factory=LatencyWindow)

    @property
    def events(self) -> int:
        """Number of records judged: scored or sent to the dead letters."""
        return self.scored + self.dead_letters.total()
