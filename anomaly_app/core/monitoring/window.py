"""Counts over the latest records, at a cost that does not grow with their number."""

from collections.abc import Mapping
from typing import NamedTuple

NOTHING: Mapping[str, int] = {}


class Counts(NamedTuple):
    """How many records were seen, how many of them were found to be something, and what."""

    seen: int = 0
    found: int = 0
    kinds: Mapping[str, int] = NOTHING
    """Of those that were found, where there are several kinds."""

    @property
    def share(self) -> float | None:
        """What was found, as a share of what was seen; None before anything was."""
        return round(self.found / self.seen, 6) if self.seen else None


def add(one: Counts, other: Counts) -> Counts:
    """Add up."""
    kinds = one.kinds or other.kinds
    if one.kinds and other.kinds:
        kinds = dict(one.kinds)
        for kind, count in other.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return Counts(one.seen + other.seen, one.found + other.found, kinds)


class Window(NamedTuple):
    """Counts of the latest records: of `half` at least, and of twice as many at most.

    Batches stay whole: one that is larger than `half` counts as a whole, too.
    """

    half: int
    """Records after which those before them begin to be forgotten."""
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
        """Those of the latest records."""
        return add(self.older, self.newer)
