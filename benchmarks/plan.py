"""The plan of a comparison, and its duration."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.catalogue import Pace, System

PARTITIONS = 4
WARM_UP = 0.2
"""Share of records to read before the measurement."""


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Parameters
    ----------
    systems
        The systems, in order.
    runs
        Number of rounds over all systems.
    counts
        Number of records for each pace.
    seconds
        Duration of each rate; 0 skips latencies.
    memory_events
        Number of records of the long topic; 0 skips memory.
    """

    systems: Sequence[System]
    runs: int
    counts: dict[Pace, int]
    seconds: float
    memory_events: int

    def estimate(self) -> float:
        """Estimate the total duration in seconds."""
        per_second = {Pace.SLOW: 70.0, Pace.MEDIUM: 4_000.0, Pace.FAST: 40_000.0}
        each = sum(10.0 + self.counts[s.pace] / per_second[s.pace] for s in self.systems)
        if self.seconds:
            each += sum(16.0 + 4 * self.seconds for s in self.systems if s.workers == 1)
        once = 20.0 + self.counts[Pace.FAST] / 60_000.0
        return once + self.runs * each + self.memory_events / 25_000.0
