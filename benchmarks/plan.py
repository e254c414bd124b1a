"""What a comparison measures, and how long that takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.catalogue import Pace, System

PARTITIONS = 4
WARM_UP = 0.2
"""Share of a topic's records that are read before the measurement begins."""


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Parameters
    ----------
    systems
        In order.
    runs
        Rounds over all systems.
    counts
        Records of the topic for each pace.
    seconds
        Of traffic at each rate; 0 leaves latencies out.
    memory_events
        Records of the long topic; 0 leaves it out.
    """

    systems: Sequence[System]
    runs: int
    counts: dict[Pace, int]
    seconds: float
    memory_events: int

    def estimate(self) -> float:
        """Guess how long all of it takes, in seconds."""
        per_second = {Pace.SLOW: 70.0, Pace.MEDIUM: 4_000.0, Pace.FAST: 40_000.0}
        each = sum(10.0 + self.counts[s.pace] / per_second[s.pace] for s in self.systems)
        if self.seconds:
            each += sum(16.0 + 4 * self.seconds for s in self.systems if s.workers == 1)
        once = 20.0 + self.counts[Pace.FAST] / 60_000.0
        return once + self.runs * each + self.memory_events / 25_000.0
