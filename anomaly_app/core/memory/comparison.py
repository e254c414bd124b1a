"""How two memories of the same partition differ: entity by entity, and bit by bit."""

from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Integers
from anomaly_app.core.memory.partition_memory import CLOCK, PartitionMemory
from anomaly_app.core.memory.tables import KEY_AT


class Comparison(NamedTuple):
    """What a memory has that a replay of the log does not give, and the other way round."""

    entities: int = 0
    """Entities that both have."""
    mismatches: int = 0
    """Entities that both have, with other bits."""
    missing: int = 0
    """Entities that only the replay has."""
    extra: int = 0
    """Entities that only the memory has."""

    def plus(self, other: "Comparison") -> "Comparison":
        """Add the counts of another partition."""
        return Comparison(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.mismatches or self.missing or self.extra)


def compare(memory: PartitionMemory, replayed: PartitionMemory) -> Comparison:
    """Compare a memory with another one of the same plan, which counts as right."""
    counts = Comparison()
    for block in range(memory.plan.blocks):
        counts = counts.plus(_compare_blocks(_entities(memory, block), _entities(replayed, block)))
    return counts


def _compare_blocks(mine: Integers, theirs: Integers) -> Comparison:
    both, places, others = np.intersect1d(
        mine[:, 1 + KEY_AT], theirs[:, 1 + KEY_AT], assume_unique=True, return_indices=True
    )
    differs = (mine[places] != theirs[others]).any(axis=1)
    # The order of a block's slots follows from the log, too: the next eviction depends on it.
    if len(both) == len(mine) == len(theirs):
        differs |= places != others
    return Comparison(len(both), int(differs.sum()), len(theirs) - len(both), len(mine) - len(both))


def _entities(memory: PartitionMemory, block: int) -> Integers:
    """Return a block's entities, one a row: the clock, then the record."""
    longs = (memory.plan.record_bytes + CLOCK) // 8
    entities: Integers = np.frombuffer(memory.take_image(block).payload, "i8").reshape(-1, longs)
    return entities
