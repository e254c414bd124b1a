"""How large the fields of a memory usually are: their resolution, and what is typical."""

from math import floor, inf, isfinite, log2

import polars as pl

from anomaly_app.core.memory.spec import UNIT, KeySpec
from training.history import History

MIDDLE = 0.05, 0.95
"""Quantiles between which the usual range of a field is."""

FINEST, COARSEST = 1_000, 65_536
"""Units in the usual range of a field, at least and at most."""


def typical_of(history: History, key: KeySpec) -> dict[str, float]:
    """Return what the fields of ratios usually are, where the spec does not say it.

    To a power of two, so that the next fit on similar history has the same spec.
    """
    typical = dict(key.typical)
    for feature in key.parsed:
        if feature.kind not in {"ratio:sum", "relative"}:
            continue
        for name in feature.values:
            if name not in typical and name in history.frame.columns:
                numbers = history.frame[name].cast(pl.Float64).fill_nan(None).abs()
                median = numbers.filter(numbers > 0.0).median()
                if isinstance(median, float) and isfinite(median):
                    typical[name] = 2.0 ** round(log2(median))
    return typical


def units_of(history: History, key: KeySpec) -> dict[str, float]:
    """Return the resolution of fields in windows, where the spec does not say it.

    `UNIT`, unless a field's usual range has too few or too many of it: sensors may measure
    thousandths, and bytes add up to more than a cell holds. Then a power of two, see `typical_of`.
    """
    units = dict(key.units)
    for name in dict.fromkeys(name for feature in key.parsed for name in feature.numbers):
        if name in units or name not in history.frame.columns:
            continue
        numbers = history.frame[name].cast(pl.Float64).fill_nan(None).drop_nulls()
        low, high = (numbers.quantile(end) or 0.0 for end in MIDDLE)
        spread = high - low or float(numbers.std() or 0.0)  # type: ignore[arg-type]
        steps = min(max(spread / UNIT, FINEST), COARSEST)
        if 0.0 < spread < inf and steps != spread / UNIT:
            units[name] = 2.0 ** floor(log2(spread / steps))
    return units
