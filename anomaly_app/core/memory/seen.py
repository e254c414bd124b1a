"""Which texts an entity had: how many different ones in a window, and whether one is new."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.tables import SCRATCH, TABLES, VIEWS

CELLS = 32
"""Cells for the texts of a field: each keeps when one of its texts was last seen."""

BITS = 128
"""Bits of one generation of known texts."""

LARGEST_TIMES = {1: 2**8 - 1, 2: 2**16 - 1, 4: 2**31 - 1}
"""Times in a cell count up to this, then from 0 again; by bytes."""

# If k of m cells are used, about as many texts were seen as are expected to be needed for it.
ESTIMATES = np.zeros(CELLS + 1)
for _k in range(CELLS):
    ESTIMATES[_k + 1] = ESTIMATES[_k] + CELLS / (CELLS - _k)

TEXTS = numba.types.Array(numba.uint64, 2, "C", readonly=True)

BYTES, HALVES, WORDS = (
    numba.types.Array(kind, 1, "C") for kind in (numba.uint8, numba.uint16, numba.int32)
)

OF_AN_EVENT = numba.void(
    VIEWS, TABLES, SCRATCH, *[numba.int64] * 3, TEXTS, numba.int64, numba.boolean
)
"""Signature of what reads and updates the texts of one event."""


@compiled(
    [
        numba.void(cells, *[numba.int64] * 6, numba.boolean, TABLES, SCRATCH)
        for cells in (BYTES, HALVES, WORDS)
    ],
    inlined=True,
    exact=True,
)
def _read_and_update_cells(
    cells: Any,
    first: Any,
    row: Any,
    largest: Any,
    clock: Any,
    time: Any,
    text: Any,
    apply: Any,
    tables: Any,
    scratch: Any,
) -> None:
    unit = tables.seen[row, 3]
    oldest = tables.seen[row, 4]
    now = max(clock, time) // unit
    before = max(clock, 0) // unit
    if now > before and clock >= 0:
        mark = before % largest
        for cell in range(CELLS):
            found = np.int64(cells[first + cell])
            age = mark - found + 1
            age = (age if age >= 0 else age + largest) + now - before
            cells[first + cell] = 0 if age > oldest else found
    mark = now % largest
    for query in range(len(tables.distinct)):
        if tables.distinct[query, 0] != row:
            continue
        window = tables.distinct[query, 1]
        begin = scratch.windows[window, 3] - tables.windows[window, 2]
        longest = now - begin * tables.distinct[query, 2]
        used = 0
        for cell in range(CELLS):
            found = np.int64(cells[first + cell])
            age = mark - found + 1
            age = age if age >= 0 else age + largest
            used += (found != 0) & (age <= longest)
        scratch.reals[tables.distinct[query, 3]] = ESTIMATES[used]
    if apply and text != 0:
        at = first + (text & (CELLS - 1))
        seen = time // unit
        found = np.int64(cells[at])
        age = mark - found + 1
        age = age if age >= 0 else age + largest
        if found == 0 or age > now - seen:
            cells[at] = seen % largest + 1


@compiled(OF_AN_EVENT, inlined=True, exact=True)
def read_and_update_seen(
    views: Any,
    tables: Any,
    scratch: Any,
    base: Any,
    clock: Any,
    time: Any,
    texts: Any,
    event: Any,
    apply: Any,
) -> None:
    """Estimate how many different texts each window has, then add the event's.

    A text counts until its last sight is older than the window.
    """
    for row in range(len(tables.seen)):
        width = tables.seen[row, 0]
        at = tables.seen[row, 1]
        text = np.int64(texts[event, tables.seen[row, 2]])
        if width == 1:
            _read_and_update_cells(
                views.bytes, base + at, row, 255, clock, time, text, apply, tables, scratch
            )
        elif width == 2:  # noqa: PLR2004
            _read_and_update_cells(
                views.halves,
                (base >> 1) + at,
                row,
                65535,
                clock,
                time,
                text,
                apply,
                tables,
                scratch,
            )
        else:
            _read_and_update_cells(
                views.words,
                (base >> 2) + at,
                row,
                2147483647,
                clock,
                time,
                text,
                apply,
                tables,
                scratch,
            )


@compiled(OF_AN_EVENT, inlined=True, exact=True)
def read_and_update_firsts(
    views: Any,
    tables: Any,
    scratch: Any,
    base: Any,
    clock: Any,
    time: Any,
    texts: Any,
    event: Any,
    apply: Any,
) -> None:
    """Say of each text whether it is new, then know it.

    There are two Bloom filters, of the present span and of the one before, so that a text is known
    for one to two spans. A filter of `BITS` bits takes one new text in 14 for known if it knows 20.
    """
    for row in range(len(tables.firsts)):
        filters = (base >> 3) + tables.firsts[row, 0]
        text = np.int64(texts[event, tables.firsts[row, 1]])
        span = tables.firsts[row, 2]
        now = max(clock, time) // span
        passed = now - max(clock, 0) // span
        if passed > 0 and clock >= 0:
            for word in range(BITS // 64):
                older = views.longs[filters + word] if passed == 1 else 0
                views.longs[filters + BITS // 64 + word] = older
                views.longs[filters + word] = 0
        one, other = (text >> 8) & (BITS - 1), (text >> 16) & (BITS - 1)
        known = False
        for generation in range(2):
            filled = filters + generation * (BITS // 64)
            known |= (
                (views.longs[filled + (one >> 6)] >> (one & 63))
                & (views.longs[filled + (other >> 6)] >> (other & 63))
                & 1
            ) == 1
        new = clock >= 0 and text != 0 and not known
        scratch.reals[tables.firsts[row, 3]] = 1.0 if new else 0.0
        if apply and text != 0:
            filled = filters + (BITS // 64 if time // span < now else 0)
            views.longs[filled + (one >> 6)] |= np.int64(1) << (one & 63)
            views.longs[filled + (other >> 6)] |= np.int64(1) << (other & 63)
