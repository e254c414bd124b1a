"""Decayed moments and usual hours."""

from typing import Any

import numba

from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.durations import DAY, MINUTE
from anomaly_app.core.memory.powers import power_of_two, two_to
from anomaly_app.core.memory.tables import SCRATCH, TABLES, VIEWS
from anomaly_app.core.memory.trigonometry import cosines

FORGOTTEN = 100
"""Half-lives after which nothing is left."""

MINUTES_A_DAY = DAY // MINUTE
QUARTER_DAY = MINUTES_A_DAY // 4

COSINES = cosines(MINUTES_A_DAY)
"""By minute of the day."""


@compiled(numba.void(TABLES, SCRATCH, numba.int64, numba.int64), inlined=True, exact=True)
def weigh(tables: Any, scratch: Any, clock: Any, time: Any) -> None:
    """Find each half-life's weights.

    A weight is 2 to the power of the half-lives since a landmark, a multiple of the half-life. When
    time passes the next landmark, old weights are halved, which is exact.

    Parameters
    ----------
    clock
        Time of the entity's latest event, or -1 if it is new.
    time
        Time of the event.
    """
    now = max(clock, time)
    for decay in range(len(tables.decays)):
        half_life = tables.decays[decay]
        mark = now // half_life
        passed = mark - max(clock, 0) // half_life
        scratch.decays[decay, 0] = two_to(-passed) if passed <= FORGOTTEN else 0.0
        weight = power_of_two((now - mark * half_life) / half_life)
        scratch.decays[decay, 2] = weight
        if time != now:
            weight = power_of_two((time - mark * half_life) / half_life)
        scratch.decays[decay, 1] = weight


@compiled(numba.void(VIEWS, TABLES, SCRATCH, numba.int64, numba.boolean), inlined=True, exact=True)
def read_and_update_moments(views: Any, tables: Any, scratch: Any, base: Any, apply: Any) -> None:
    """Read the weight, mean and sum of squares of each number's past, then add the event.

    The update is West's of 1979.
    """
    for row in range(len(tables.moments)):
        at = (base >> 3) + tables.moments[row, 0]
        decay = tables.moments[row, 1]
        value = scratch.values[tables.moments[row, 2]]
        to = tables.moments[row, 3]
        factor = scratch.decays[decay, 0]
        old = views.doubles[at] * factor
        squares = views.doubles[at + 2] * factor
        mean = views.doubles[at + 1]
        scratch.reals[to] = old / scratch.decays[decay, 2]
        scratch.reals[to + 1] = mean
        scratch.reals[to + 2] = squares / scratch.decays[decay, 2]
        if not apply:
            continue
        if value == value:  # noqa: PLR0124  # only NaN is not itself
            weight = scratch.decays[decay, 1]
            total = old + weight
            distance = value - mean
            mean += distance * (weight / total)
            squares += weight * (old / total) * distance * distance
            old = total
        views.doubles[at] = old
        views.doubles[at + 1] = mean
        views.doubles[at + 2] = squares


@compiled(
    numba.void(VIEWS, TABLES, SCRATCH, numba.int64, numba.int64, numba.boolean),
    inlined=True,
    exact=True,
)
def read_and_update_hours(
    views: Any, tables: Any, scratch: Any, base: Any, local: Any, apply: Any
) -> None:
    """Read how far the local time of day is from the usual ones, then add the event.

    The deviation is 1 minus the mean cosine of the angles to past events on a clock of 24 hours,
    which are joined by one event of weight 1 that is everywhere: 0 to 2, and 1 without a past.
    """
    minute = (local // MINUTE) % MINUTES_A_DAY
    cosine = COSINES[minute]
    sine = COSINES[(minute + 3 * QUARTER_DAY) % MINUTES_A_DAY]
    for row in range(len(tables.hours)):
        at = (base >> 3) + tables.hours[row, 0]
        decay = tables.hours[row, 1]
        factor = scratch.decays[decay, 0]
        total = views.doubles[at] * factor
        along = views.doubles[at + 1] * factor
        across = views.doubles[at + 2] * factor
        scratch.reals[tables.hours[row, 2]] = 1.0 - (along * cosine + across * sine) / (
            total + scratch.decays[decay, 2]
        )
        if apply:
            weight = scratch.decays[decay, 1]
            views.doubles[at] = total + weight
            views.doubles[at + 1] = along + weight * cosine
            views.doubles[at + 2] = across + weight * sine
