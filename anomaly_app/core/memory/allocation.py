"""Room for a memory's arrays, which is taken from the machine only where it is used."""

import mmap
from typing import Any

import numpy as np

from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.tables import Scratch

RESERVE_NOTHING = getattr(mmap, "MAP_NORESERVE", 0x4000)


def scratch_of(plan: Plan, saturated: Any) -> Scratch:
    """Return room for what is read of one event."""
    return Scratch(
        values=np.zeros(len(plan.numbers)),
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
