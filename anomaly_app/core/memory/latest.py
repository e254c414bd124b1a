"""The last values of a number, and the last position."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.durations import HOUR, SECOND
from anomaly_app.core.memory.tables import SCRATCH, TABLES, VIEWS
from anomaly_app.core.memory.trigonometry import kilometres

DEGREE = 1e7
"""Units of a position's resolution in a degree: one is a centimetre."""


@compiled(
    numba.void(VIEWS, TABLES, SCRATCH, numba.int64, numba.int64, numba.boolean),
    inlined=True,
    exact=True,
)
def read_and_update_places(
    views: Any, tables: Any, scratch: Any, base: Any, time: Any, apply: Any
) -> None:
    """Read kilometres and hours from the last position, then move there.

    Without a last position both are 0; hours are at least one second.
    """
    for row in range(len(tables.places)):
        when = (base >> 3) + tables.places[row, 0]
        where = (base >> 2) + tables.places[row, 1]
        latitude = scratch.values[tables.places[row, 2]]
        longitude = scratch.values[tables.places[row, 3]]
        to = tables.places[row, 4]
        scratch.reals[to] = 0.0
        scratch.reals[to + 1] = 1.0
        # A comparison with NaN is false.
        if not (abs(latitude) <= 90.0 and abs(longitude) <= 180.0):  # noqa: PLR2004
            continue
        north = np.int32(np.floor(latitude * DEGREE + 0.5))
        east = np.int32(np.floor(longitude * DEGREE + 0.5))
        last = views.longs[when] - 1
        if last >= 0:
            scratch.reals[to] = kilometres(
                north / DEGREE,
                east / DEGREE,
                views.words[where] / DEGREE,
                views.words[where + 1] / DEGREE,
            )
            scratch.reals[to + 1] = max(abs(time - last), SECOND) / HOUR
        if apply and time >= last:
            views.longs[when] = time + 1
            views.words[where] = north
            views.words[where + 1] = east


@compiled(numba.float64(VIEWS, numba.int64, numba.int64, numba.float64), inlined=True, exact=True)
def _slope(views: Any, at: Any, steps: Any, value: Any) -> Any:
    """Return the least-squares slope, per step, of the last values and this one."""
    known = 1
    while known < steps and views.longs[at + 2 * known - 2] > 0:
        known += 1
    middle = 0.5 * (known - 1)
    total = middle * value
    squares = middle * middle
    for back in range(1, known):
        total += (middle - back) * views.doubles[at + 2 * back - 1]
        squares += (middle - back) * (middle - back)
    return total / squares if known > 1 else 0.0


@compiled(
    numba.void(VIEWS, TABLES, SCRATCH, numba.int64, numba.int64, numba.boolean),
    inlined=True,
    exact=True,
)
def read_and_update_last(
    views: Any, tables: Any, scratch: Any, base: Any, time: Any, apply: Any
) -> None:
    """Read the last values of each number, then add the event's, in the order of times.

    Values and their times, plus 1, follow each other, the latest first; a time of 0 is an empty
    place.
    """
    for row in range(len(tables.last)):
        at = (base >> 3) + tables.last[row, 0]
        many = tables.last[row, 1]
        value = scratch.values[tables.last[row, 2]]
        to = tables.last[row, 3]
        known = value == value  # noqa: PLR0124  # only NaN is not itself
        scratch.reals[to] = value - views.doubles[at + 1] if known and views.longs[at] > 0 else 0.0
        for query in range(len(tables.slopes)):
            if tables.slopes[query, 0] == row:
                steps = tables.slopes[query, 1]
                slope = _slope(views, at, steps, value) if known else 0.0
                scratch.reals[tables.slopes[query, 2]] = slope
        if not (apply and known):
            continue
        place = 0
        while place < many and views.longs[at + 2 * place] > time + 1:
            place += 1
        if place == many:
            continue
        for later in range(many - 1, place, -1):
            views.longs[at + 2 * later] = views.longs[at + 2 * later - 2]
            views.doubles[at + 2 * later + 1] = views.doubles[at + 2 * later - 1]
        views.longs[at + 2 * place] = time + 1
        views.doubles[at + 2 * place + 1] = value
