"""Sums and extremes over trailing windows: rings of buckets, cleared as time passes."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.tables import (
    COUNT,
    LARGEST_CELLS,
    MAX,
    PRESENT,
    SCRATCH,
    SQUARES,
    TABLES,
    VIEWS,
)

SMALL, MIDDLE, LARGE = (LARGEST_CELLS[width] for width in (2, 4, 8))

LARGEST_SQUARED = 2**28
"""Whole numbers are cut to this before they are squared."""

KINDS_OF_CELLS = [
    numba.types.Array(kind, 1, "C") for kind in (numba.uint16, numba.int32, numba.int64)
]


@compiled(numba.void(TABLES, SCRATCH, numba.int64, numba.int64), inlined=True, exact=True)
def place_in_windows(tables: Any, scratch: Any, clock: Any, time: Any) -> None:
    """Find an event's bucket in each window's ring.

    Parameters
    ----------
    clock
        Time of the entity's latest event, or -1 if it is new: a new record is clear.
    time
        Time of the event.
    """
    for window in range(len(tables.windows)):
        hop = tables.windows[window, 0]
        bucket = time // hop
        passed = 0
        if time > clock >= 0:
            passed = bucket - clock // hop
        scratch.windows[window, 0] = min(passed, tables.windows[window, 1])
        scratch.windows[window, 1] = bucket % tables.windows[window, 1]
        scratch.windows[window, 2] = time - (bucket - tables.windows[window, 2]) * hop
        scratch.windows[window, 3] = bucket


@compiled(
    [numba.void(cells, *[numba.int64] * 4) for cells in KINDS_OF_CELLS], inlined=True, exact=True
)
def _clear(cells: Any, first: Any, ring: Any, place: Any, passed: Any) -> None:
    """Clear the buckets that have passed: the event's own, and those before it."""
    at = place
    for _ in range(passed):
        cells[first + at] = 0
        at = at - 1 if at > 0 else ring - 1


@compiled(
    [numba.int64(cells, *[numba.int64] * 5) for cells in KINDS_OF_CELLS], inlined=True, exact=True
)
def _sum(cells: Any, first: Any, ring: Any, hops: Any, place: Any, passed: Any) -> Any:
    """Clear the buckets that have passed, and add up those in the window."""
    _clear(cells, first, ring, place, passed)
    total = np.int64(0)
    at = place
    for _ in range(hops + 1):
        total += np.int64(cells[first + at])
        at = at - 1 if at > 0 else ring - 1
    return total


@compiled(numba.int64(numba.int64, numba.int64, numba.int64), inlined=True, exact=True)
def _further(found: Any, other: Any, operation: Any) -> Any:
    """Return the more extreme of two cells, of which 0 is an empty one."""
    if other == 0:
        return found
    if found == 0:
        return other
    return max(found, other) if operation == MAX else min(found, other)


@compiled(
    [numba.int64(cells, *[numba.int64] * 6) for cells in KINDS_OF_CELLS[1:]],
    inlined=True,
    exact=True,
)
def _extreme(
    cells: Any, first: Any, ring: Any, hops: Any, place: Any, passed: Any, operation: Any
) -> Any:
    """Clear the buckets that have passed, and find the extreme of those in the window."""
    _clear(cells, first, ring, place, passed)
    found = np.int64(0)
    at = place
    for _ in range(hops + 1):
        found = _further(found, np.int64(cells[first + at]), operation)
        at = at - 1 if at > 0 else ring - 1
    return found


@compiled(
    numba.int64(numba.int64, numba.float64, numba.int64, numba.int64, SCRATCH),
    inlined=True,
    exact=True,
)
def _updated(cell: Any, value: Any, operation: Any, largest: Any, scratch: Any) -> Any:
    """Return a cell with a value, in units of its resolution."""
    limit = LARGEST_SQUARED if operation == SQUARES else largest - 1
    rounded = np.floor(value + 0.5)
    whole = np.int64(min(max(rounded, -limit), limit))
    full = rounded > limit or rounded < -limit
    if operation >= MAX:
        # An empty cell is 0: what is not negative is kept one higher.
        total = _further(cell, whole + 1 if whole >= 0 else whole, operation)
    else:
        total = cell + (whole * whole if operation == SQUARES else whole)
        full = full or total > largest or total < -largest
        total = min(max(total, -largest), largest)
    scratch.saturated[0] += full
    return total


@compiled(numba.void(VIEWS, TABLES, SCRATCH, numba.int64, numba.boolean), inlined=True, exact=True)
def read_and_update_rows(views: Any, tables: Any, scratch: Any, base: Any, apply: Any) -> None:
    """Read each row's sum or extreme over its window, then add the event to it.

    Parameters
    ----------
    base
        Where the record begins, in bytes.
    apply
        Whether the event is added.
    """
    for row in range(len(tables.rows)):
        operation = tables.rows[row, 0]
        width = tables.rows[row, 1]
        window = tables.rows[row, 3]
        passed = scratch.windows[window, 0]
        place = scratch.windows[window, 1]
        ring = tables.windows[window, 1]
        hops = tables.windows[window, 2]
        value = 1.0
        adds = apply
        if operation != COUNT:
            number = tables.rows[row, 4]
            found = scratch.values[number]
            adds = apply and found == found  # noqa: PLR0124  # only NaN is not itself
            value = found * tables.scales[number] if operation != PRESENT else 1.0
        if width == 2:  # noqa: PLR2004
            first = (base >> 1) + tables.rows[row, 2]
            scratch.totals[row] = _sum(views.halves, first, ring, hops, place, passed)
            if adds:
                full = views.halves[first + place] == SMALL
                views.halves[first + place] += np.uint16(not full)
                scratch.saturated[0] += full
            continue
        if width == 4:  # noqa: PLR2004
            first = (base >> 2) + tables.rows[row, 2]
            if operation < MAX:
                scratch.totals[row] = _sum(views.words, first, ring, hops, place, passed)
            else:
                scratch.totals[row] = _extreme(
                    views.words, first, ring, hops, place, passed, operation
                )
            if adds:
                cell = np.int64(views.words[first + place])
                views.words[first + place] = _updated(cell, value, operation, MIDDLE, scratch)
            continue
        first = (base >> 3) + tables.rows[row, 2]
        if operation < MAX:
            scratch.totals[row] = _sum(views.longs, first, ring, hops, place, passed)
        else:
            scratch.totals[row] = _extreme(views.longs, first, ring, hops, place, passed, operation)
        if adds:
            cell = views.longs[first + place]
            views.longs[first + place] = _updated(cell, value, operation, LARGE, scratch)
