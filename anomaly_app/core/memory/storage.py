"""The arrays that a partition's memory is in, taken from the system where they are written."""

import mmap
from typing import Any, NamedTuple

import numpy as np

from anomaly_app.core.memory.layout import Field, Plan
from anomaly_app.core.memory.tables import INDEX, SLOTS, Blocks, Scratch

RESERVE_NOTHING = getattr(mmap, "MAP_NORESERVE", 0x4000)


class Record(NamedTuple):
    """What is kept of one entity."""

    clock: int
    """Time of its latest event, in milliseconds."""
    data: bytes

    def cells(self, field: Field) -> Any:
        """Return the integers of a field."""
        kind = {1: "u1", 2: "u2", 4: "i4", 8: "i8"}[field.width]
        return np.frombuffer(self.data, kind, field.cells, field.width * field.offset)


def empty_blocks(plan: Plan) -> Blocks:
    """Return what is known of blocks and slots without an event."""
    return Blocks(
        index=lazily(plan.blocks * INDEX, "u2").reshape(plan.blocks, INDEX),
        clocks=lazily(plan.blocks * SLOTS, "i8").reshape(plan.blocks, SLOTS),
        used=np.zeros(plan.blocks, "i4"),
        offsets=np.zeros(plan.blocks, "i8"),
        dirty=np.full(plan.blocks, -1, "i8"),
        counts=np.zeros(3, "i8"),
    )


def scratch_of(plan: Plan, saturated: Any) -> Scratch:
    """Return room for what is read of one event."""
    return Scratch(
        values=np.zeros(len(plan.values)),
        windows=np.zeros((len(plan.needs.windows), 4), "i8"),
        decays=np.zeros((len(plan.needs.decays), 3)),
        totals=np.zeros(len(plan.needs.rows), "i8"),
        reals=np.zeros(plan.needs.reals),
        saturated=saturated,
    )


def lazily(cells: int, kind: str) -> Any:
    """Return zeros that take memory only where they are written, by pages of 4 KB."""
    size = max(cells * np.dtype(kind).itemsize, 1)
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | RESERVE_NOTHING
    mapped = mmap.mmap(-1, size, flags=flags)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        mapped.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(mapped, kind)
