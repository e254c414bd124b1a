"""Features, made of what was read of an entity's past and of the event itself."""

from typing import Any

import numba

from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory import tables as t
from anomaly_app.core.memory.deviations import deviation, relative, shift, zscore
from anomaly_app.core.memory.durations import SECOND
from anomaly_app.core.memory.tables import SCRATCH, TABLES

FEATURES = numba.float64[:, ::1]


@compiled(numba.float64(numba.float64), inlined=True, exact=True)
def _or_zero(value: Any) -> Any:
    return value if value == value else 0.0  # noqa: PLR0124  # only NaN is not itself


@compiled(
    numba.float64(SCRATCH, numba.int64, numba.int64, numba.int64, numba.float64),
    inlined=True,
    exact=True,
)
def _mean(scratch: Any, total: Any, count: Any, number: Any, scale: Any) -> Any:
    """Return a window's mean; without a past, the event's own value is as usual as any."""
    if scratch.totals[count] == 0:
        return _or_zero(scratch.values[number])
    return scratch.totals[total] / scratch.totals[count] / scale


@compiled(numba.float64(SCRATCH, numba.int64, numba.int64, numba.int64), inlined=True, exact=True)
def _share(scratch: Any, short: Any, long: Any, age: Any) -> Any:
    """Return which share of a long window's events a short one is expected to have.

    An entity that is younger than the long window has had less time for its events.
    """
    brief = scratch.windows[short, 2]
    return brief / min(scratch.windows[long, 2], max(brief, age))


@compiled(
    numba.float64(TABLES, SCRATCH, *[numba.int64] * 4, numba.float64), inlined=True, exact=True
)
def _ratio_of_sums(
    tables: Any, scratch: Any, short: Any, long: Any, count: Any, number: Any, share: Any
) -> Any:
    """Return a short window's sum with the event, relative to the usual sum with a usual event.

    Half a typical event is added to both, so that little can be said of little. If the spec names
    no typical value, it is the mean of the long window.
    """
    scale = tables.scales[number]
    usual = scratch.totals[long] / scale * share
    typical = tables.typical[number]
    if not typical > 0.0:
        known = scratch.totals[count] > 0
        typical = scratch.totals[long] / scratch.totals[count] / scale if known else 0.0
    below = usual + 1.5 * typical
    if not (typical > 0.0 and below > 0.0):
        return 1.0
    value = scratch.values[number]
    event = value if value == value else typical  # noqa: PLR0124  # only NaN is not itself
    return (scratch.totals[short] / scale + event + 0.5 * typical) / below


@compiled(
    numba.void(TABLES, SCRATCH, numba.int64, numba.int64, numba.int64, FEATURES, numba.int64),
    inlined=True,
    exact=True,
)
def write_features(  # noqa: C901, PLR0912, PLR0915  # one choice of many
    tables: Any, scratch: Any, clock: Any, since: Any, time: Any, out: Any, event: Any
) -> None:
    """Write an event's features.

    Parameters
    ----------
    clock
        Time of the entity's latest event, or -1 if it is new.
    since
        Time of its first event.
    time
        Time of the event.
    out, event
        Where to: the columns of a row.
    """
    age = max(time - since, 0)
    for feature in range(len(tables.formulas)):
        kind = tables.formulas[feature, 0]
        a = tables.formulas[feature, 1]
        b = tables.formulas[feature, 2]
        c = tables.formulas[feature, 3]
        d = tables.formulas[feature, 4]
        e = tables.formulas[feature, 5]
        result = 0.0
        if kind == t.READ:
            result = scratch.reals[a]
        elif kind == t.COUNT_OF:
            result = float(scratch.totals[a])
        elif kind == t.SUM_OF:
            result = scratch.totals[a] / tables.scales[b]
        elif kind == t.MEAN_OF:
            result = _mean(scratch, a, b, c, tables.scales[c])
        elif kind == t.DIFFERENCE_OF:
            value = scratch.values[c]
            if value == value:  # noqa: PLR0124  # only NaN is not itself
                result = value - _mean(scratch, a, b, c, tables.scales[c])
        elif kind == t.EXTREME_OF:
            found = scratch.totals[a]
            whole = found - 1 if found > 0 else found
            result = whole / tables.scales[b] if found != 0 else _or_zero(scratch.values[b])
        elif kind == t.STD_OF:
            result = deviation(scratch.totals[a], scratch.totals[b], scratch.totals[c])
            result /= tables.scales[d]
        elif kind == t.RATIO_OF_COUNTS:
            usual = scratch.totals[b] * _share(scratch, c, d, age)
            result = (scratch.totals[a] + 1.5) / (usual + 1.5)
        elif kind == t.RATIO_OF_SUMS:
            share = _share(scratch, c, d, age)
            result = _ratio_of_sums(tables, scratch, a, b, e, tables.formulas[feature, 6], share)
        elif kind == t.RATIO_OF_MEANS:
            result = 1.0
            if scratch.totals[b] > 0 and scratch.totals[d] > 0:
                mean = scratch.totals[b] / scratch.totals[d]
                value = scratch.values[e] * tables.scales[e]
                known = value == value  # noqa: PLR0124  # only NaN is not itself
                total = scratch.totals[a] + mean + (value if known else 0.0)
                result = total / ((scratch.totals[c] + (2.0 if known else 1.0)) * mean)
        elif kind == t.SHARE_OF_DISTINCT:
            result = 1.0
            if scratch.totals[b] > 0:
                result = min(scratch.reals[a] / scratch.totals[b], 1.0)
        elif kind == t.ZSCORE_OF:
            result = zscore(scratch, a, scratch.values[b], tables.scales[b])
        elif kind == t.SHIFT_OF:
            scale = tables.scales[d]
            result = shift(scratch, scratch.totals[a], scratch.totals[b], c, d, scale)
        elif kind == t.RELATIVE_OF:
            result = relative(scratch, a, scratch.values[b], tables.typical[c])
        elif kind == t.SINCE_LAST:
            longest = tables.sizes[2]
            passed = min(max(time - clock, 0), longest) if clock >= 0 else longest
            result = passed / SECOND
        elif kind == t.SPEED_OF:
            result = scratch.reals[a] / scratch.reals[a + 1]
        out[event, feature] = result
