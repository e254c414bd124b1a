"""What chance gives: how common the values of fields are.

Counted are a sample of all transactions, and anomalies that nothing joins with others.

Counts fade with time. There is room for a fixed number of values: the rarest are dropped, and
values without a count are taken to be as common as the most common one that was dropped (lossy
counting: Manku and Motwani, *Approximate frequency counts over data streams*, 2002).
"""

from collections.abc import Iterable, Sequence

import msgspec

from anomaly_app.core.alerts.keys import Item, Key, Seen

HALF_LIFE = 2 * 86_400.0
"""Seconds in which a count fades to a half."""

CAPACITY = 16_384
"""Values that are counted, and combinations of a reason and a value."""

KEPT = 0.75
"""Share of them that stays when others are dropped."""

RESCALED_AFTER = 40.0
"""Half-lives after which counts are rescaled, so that numbers stay small."""

BORROWED = 20.0
"""The share of a value among anomalies of one reason is that among all, until there are more than
about so many of the reason."""


class Background(msgspec.Struct):
    """Counts of values, and of values for each reason."""

    counts: dict[tuple[str, ...], float] = {}
    """By field and value, and by feature, direction, field and value."""
    totals: dict[tuple[str, ...], float] = {}
    """By field, and by feature and direction."""
    dropped: float = 0.0
    """The largest count that was dropped."""
    landmark: float = 0.0
    """Time at which a count weighs 1, in seconds."""

    def add(self, seen: Seen, now: float) -> None:
        """Count what an anomaly may have in common with others."""
        weight = self._weight(now)
        _count(self.counts, seen.possible_keys(), weight)
        _count(self.totals, seen.reasons, weight)
        self.add_items(seen.items, now)

    def add_items(self, items: Sequence[Item], now: float) -> None:
        """Count the fields of a transaction."""
        weight = self._weight(now)
        _count(self.counts, items, weight)
        _count(self.totals, ((field,) for field, _ in items), weight)
        if len(self.counts) > CAPACITY:
            self._drop()

    def share(self, key: Key, now: float) -> float:
        """Return how common a value is among anomalies of its reason, above 0 and below 1.

        Values of which little is known are taken to be common (Laplace's rule of succession).
        """
        weight = self._weight(now)
        total = self.totals.get((key.field,), 0.0)
        among_all = (self._bound(key.item, total) / weight + 1.0) / (total / weight + 2.0)
        alike = self.totals.get(key.reason, 0.0) / weight
        count = self.counts.get(key, 0.0) / weight
        among_alike = (count + BORROWED * among_all) / (alike + BORROWED)
        return max(among_all, among_alike)

    def _bound(self, item: tuple[str, str], total: float) -> float:
        return max(self.counts.get(item, 0.0), min(self.dropped, total))

    def _weight(self, now: float) -> float:
        """Return what a count weighs now: later ones weigh more, so that earlier ones fade."""
        if not self.landmark:
            self.landmark = now
        age = (now - self.landmark) / HALF_LIFE
        if age > RESCALED_AFTER:
            scale = 0.5**age
            self.counts = {name: count * scale for name, count in self.counts.items()}
            self.totals = {name: total * scale for name, total in self.totals.items()}
            self.dropped *= scale
            self.landmark, age = now, 0.0
        return float(2.0**age)

    def _drop(self) -> None:
        ordered = sorted(self.counts.items(), key=lambda found: (-found[1], found[0]))
        kept = int(CAPACITY * KEPT)
        self.dropped = max(self.dropped, ordered[kept][1])
        self.counts = dict(ordered[:kept])


def _count(
    counts: dict[tuple[str, ...], float], names: Iterable[tuple[str, ...]], weight: float
) -> None:
    for name in names:
        counts[name] = counts.get(name, 0.0) + weight
