"""Sentinels: numbers that may mean a missing value, such as -200 for a temperature."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import polars as pl

from anomaly_app.core.wording import percent

MIN_SHARE, MIN_ROWS = 0.01, 5
"""Minimum share and number of rows with the lowest or highest value to check it."""

FAR = 3.0
"""Minimum distance of a sentinel from all other values, in ranges of the others."""

TYPICAL: dict[float, float] = {
    **dict.fromkeys((-99, -200, -999, -9999, -99999, -999999, -32768), 0.1),
    **dict.fromkeys((999, 9999, 99999, 999999, 9999999, 32767, 65535), 0.5),
    -1: 0.5,
}
"""The same for common sentinels."""

MIN_OTHERS = 5
"""Minimum number of different other values; with fewer, the numbers are codes."""


class Sentinel(NamedTuple):
    """A value far from all others."""

    value: float
    rows: int
    share: float
    """Share of the rows with a value."""


def sentinels_of(column: pl.Series) -> list[Sentinel]:
    """Return the lowest and the highest value if they repeat and are far from all others.

    Parameters
    ----------
    column
        Numbers and nulls.
    """
    filled = column.count()
    if filled < MIN_ROWS or not column.dtype.is_numeric():
        return []
    often = []
    # 0 is a true value of an idle pump or an empty account.
    for value in {column.min(), column.max()} - {0}:
        rows = int((column == value).sum())
        if rows >= max(MIN_ROWS, MIN_SHARE * filled):
            often.append((_number(value), rows))
    if not often:
        return []
    others = without(column, [value for value, _ in often]).drop_nulls()
    if others.n_unique() < MIN_OTHERS:
        return []
    low, high = _number(others.min()), _number(others.max())
    return [
        Sentinel(value, rows, rows / filled)
        for value, rows in sorted(often)
        if max(low - value, value - high) > TYPICAL.get(value, FAR) * (high - low)
    ]


def about_sentinels(column: pl.Series) -> tuple[str, ...]:
    """Return a warning for each likely sentinel of a column."""
    return tuple(
        f"{column.name}: {one.value:.12g} occurs in {one.rows:,} rows ({percent(one.share)}) and "
        "is far from all other values: if it means a missing value, set --roles "
        f"'missing={one.value:.12g}'"
        for one in sentinels_of(column)
    )


def without(column: pl.Series, values: Iterable[float]) -> pl.Series:
    """Replace values of a column of numbers by nulls."""
    for value in values:
        column = column.set((column == value).fill_null(value=False), None)
    return column


def _number(value: Any) -> float:
    return float(value)
