"""Figures of all runs."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

EVENTS, CPU, MEMORY, ANOMALIES = "events/s", "CPU µs/event", "peak MB", "anomalies"
EARLY_MEMORY, LATE_MEMORY = "MB after a tenth of the long topic", "MB after all of it"
SKLEARN_CALL, APP_CALL = "µs of scikit-learn's call", "µs of the app's call"
DIFFERENCE = "largest difference of scores"
SCORING = "scoring one row"


def latency_figure(share: float, rate: int) -> str:
    """Return the name of a quantile of latencies at a rate."""
    return f"p{share * 100:.0f} ms at {rate:,}/s"


def share_figure(rate: int) -> str:
    """Return the name of the CPU usage at a rate."""
    return f"% of a core at {rate:,}/s"


class Summary(NamedTuple):
    """One figure of one system over all runs."""

    system: str
    figure: str
    median: float
    least: float
    most: float
    at_least: bool
    """Whether the median is a lower bound."""

    def to_json(self) -> dict[str, Any]:
        """Return the object to write as JSON."""
        written = {
            "system": self.system,
            "figure": self.figure,
            "median": self.median,
            "min": self.least,
            "max": self.most,
        }
        return written | ({"at_least": True} if self.at_least else {})


@dataclass
class Results:
    """Figures collected so far."""

    samples: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    bounds: set[tuple[str, str]] = field(default_factory=set)

    def add(self, system: str, figure: str, value: float, *, at_least: bool = False) -> None:
        """Add a figure of one run; `at_least` marks a lower bound."""
        self.samples.setdefault((system, figure), []).append(value)
        if at_least:
            self.bounds.add((system, figure))

    def has(self, system: str, figure: str) -> bool:
        """Return whether a figure was measured."""
        return (system, figure) in self.samples

    def summary(self, system: str, figure: str) -> Summary:
        """Summarise a figure that was measured."""
        values = self.samples[system, figure]
        at_least = (system, figure) in self.bounds
        return Summary(system, figure, median(values), min(values), max(values), at_least)

    def summaries(self) -> list[Summary]:
        """Summarise all figures."""
        return [self.summary(system, figure) for system, figure in self.samples]
