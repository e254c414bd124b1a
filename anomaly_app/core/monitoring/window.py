"""Counts over the latest records, at a cost that does not grow with their number."""

from collections.abc import Mapping
from typing import NamedTuple

NOTHING: Mapping[str, int] = {}


class Counts(NamedTuple):
    """Number of records seen, how many matched, and how many of each kind."""

    seen: int = 0
    found: int = 0
    kinds: Mapping[str, int] = NOTHING
    """Number of matches by kind, if there are several kinds."""

    @property
    def share(self) -> float | None:
        """Share of the records seen that matched; None before the first record."""
        return round(self.found / self.seen, 6) if self.seen else None


def add(one: Counts, other: Counts) -> Counts:
    """Add two counts."""
    kinds = one.kinds or other.kinds
    if one.kinds and other.kinds:
        kinds = dict(one.kinds)
        for kind, count in other.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return Counts(one.seen + other.seen, one.found + other.found, kinds)


class Window(NamedTuple):
    """Counts of the latest records: at least `half` of them, and at most twice as many.

    Batches are never split, even if one is larger than `half`.
    """

    half: int
    """Number of records after which earlier ones are forgotten."""
    older: Counts = Counts()
    newer: Counts = Counts()

    def with_batch(self, counts: Counts) -> "Window":
        """Count a batch."""
        newer = add(self.newer, counts)
        if newer.seen >= self.half:
            return Window(self.half, newer)
        return Window(self.half, self.older, newer)

    @property
    def counts(self) -> Counts:
        """Counts of the latest records."""
        return add(self.older, self.newer)
