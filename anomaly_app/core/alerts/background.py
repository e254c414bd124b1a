"""How common the values of fields are among anomalies that nothing joins: what chance gives.

Counts fade with time. There is room for a fixed number of values: the rarest are dropped, and
values without a count are taken to be as common as the most common one that was dropped (lossy
counting: Manku and Motwani, *Approximate frequency counts over data streams*, 2002).
"""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

Item: TypeAlias = tuple[str, str]
"""A field and its value."""

HALF_LIFE = 2 * 86_400.0
"""Seconds in which a count fades to a half."""

CAPACITY = 8_192
"""Values that are counted."""

KEPT = 0.75
"""Share of the values that stays when others are dropped."""

RESCALED_AFTER = 40.0
"""Half-lives after which counts are rescaled, so that numbers stay small."""


class Background(msgspec.Struct):
    """Counts of values."""

    counts: dict[Item, float] = {}
    totals: dict[str, float] = {}
    """Of fields."""
    dropped: float = 0.0
    """The largest count that was dropped."""
    landmark: float = 0.0
    """Time at which a count weighs 1, in seconds."""

    def add(self, items: Iterable[Item], now: float) -> None:
        """Count the values of an anomaly."""
        weight = self._weight(now)
        for item in items:
            self.counts[item] = self.counts.get(item, 0.0) + weight
            self.totals[item[0]] = self.totals.get(item[0], 0.0) + weight
        if len(self.counts) > CAPACITY:
            self._drop()

    def share(self, item: Item, now: float) -> float:
        """Return how common a value is among the values of its field, above 0 and below 1.

        Values of which little is known are taken to be common (Laplace's rule of succession).
        """
        weight = self._weight(now)
        count = max(self.counts.get(item, 0.0), min(self.dropped, self.totals.get(item[0], 0.0)))
        return (count / weight + 1.0) / (self.totals.get(item[0], 0.0) / weight + 2.0)

    def _weight(self, now: float) -> float:
        """Return what a count weighs now: later ones weigh more, so that earlier ones fade."""
        if not self.landmark:
            self.landmark = now
        age = (now - self.landmark) / HALF_LIFE
        if age > RESCALED_AFTER:
            scale = 0.5**age
            self.counts = {item: count * scale for item, count in self.counts.items()}
            self.totals = {field: total * scale for field, total in self.totals.items()}
            self.dropped *= scale
            self.landmark, age = now, 0.0
        return float(2.0**age)

    def _drop(self) -> None:
        ordered = sorted(self.counts.items(), key=lambda found: (-found[1], found[0]))
        kept = int(CAPACITY * KEPT)
        self.dropped = max(self.dropped, ordered[kept][1])
        self.counts = dict(ordered[:kept])
        fields = {field for field, _ in self.counts}
        self.totals = {name: total for name, total in self.totals.items() if name in fields}
