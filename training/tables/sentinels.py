"""Numbers that may stand for a missing value: -200 among temperatures, 999 among days."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import polars as pl

LEAST_SHARE, LEAST_ROWS = 0.01, 5
"""Rows with one value, the least or the greatest, from which on it is looked at."""

FAR = 3.0
"""Times the range of all other values that a value must be away from them."""

TYPICAL: dict[float, float] = {
    **dict.fromkeys((-99, -200, -999, -9999, -99999, -999999, -32768), 0.1),
    **dict.fromkeys((999, 9999, 99999, 999999, 9999999, 32767, 65535), 0.5),
    -1: 0.5,
}
"""The same for values that programs write where there is none."""

LEAST_OTHERS = 5
"""Different other values, below which the numbers are codes."""


class Sentinel(NamedTuple):
    """A value that is far from all others."""

    value: float
    rows: int
    share: float
    """Of the rows that have a value."""


def sentinels_of(column: pl.Series) -> list[Sentinel]:
    """Find the least and the greatest value where they repeat and are far from all others.

    Parameters
    ----------
    column
        Numbers and nulls.
    """
    filled = column.count()
    if filled < LEAST_ROWS or not column.dtype.is_numeric():
        return []
    often = []
    # 0 is what a pump that stands still, or an empty account, truly has.
    for value in {column.min(), column.max()} - {0}:
        rows = int((column == value).sum())
        if rows >= max(LEAST_ROWS, LEAST_SHARE * filled):
            often.append((_number(value), rows))
    if not often:
        return []
    others = without(column, [value for value, _ in often]).drop_nulls()
    if others.n_unique() < LEAST_OTHERS:
        return []
    low, high = _number(others.min()), _number(others.max())
    return [
        Sentinel(value, rows, rows / filled)
        for value, rows in sorted(often)
        if max(low - value, value - high) > TYPICAL.get(value, FAR) * (high - low)
    ]


def about_sentinels(column: pl.Series) -> tuple[str, ...]:
    """Say which values of a column may stand for a missing one, one line each."""
    return tuple(
        f"{column.name}: {one.value:.12g} occurs in {one.rows:,} rows ({one.share:.0%}) and is far "
        "from all other values: if it stands for a missing value, say --roles "
        f"'missing={one.value:.12g}'"
        for one in sentinels_of(column)
    )


def without(column: pl.Series, values: Iterable[float]) -> pl.Series:
    """Take values of a column of numbers as missing ones."""
    for value in values:
        column = column.set((column == value).fill_null(value=False), None)
    return column


def _number(value: Any) -> float:
    return float(value)
