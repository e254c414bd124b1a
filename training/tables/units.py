"""Numbers with units, such as ``12.5 kg``."""

import re
from typing import NamedTuple

import polars as pl

from training.tables.missing import are_missing
from training.tables.numbers import CURRENCY, code_in

LOOKED_AT = 1_000
"""Number of cells to check."""

MOSTLY = 0.95
"""Minimum share of such numbers."""

DIFFERENT = 10
"""Minimum number of different numbers; fewer, such as ``36 months`` and ``60 months``, are
categories."""

FEW = 5
"""Maximum number of units in a column; with more, the letters are parts of codes."""

WITH_UNIT = r"^\s*[+-]?\d[\d.,' ]*(?:[eE][+-]?\d+)?\s*((?:[^\W\d_]|[°µμ])[^\s\d]{0,11})\s*$"

MULTIPLES = {"K": 3, "M": 6, "B": 9, "T": 12}
"""Letters for multiples, and their powers of ten."""

CLOCK = r"^\s*-?\d{1,4}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*$"
"""A duration, or a time of day."""


class Units(NamedTuple):
    """A column of numbers with units.

    Parameters
    ----------
    column
        Without the unit, if all cells have the same; otherwise unchanged.
    warnings
        At most one line.
    """

    column: pl.Series
    warnings: tuple[str, ...] = ()


def without_unit(column: pl.Series) -> Units:
    """Remove the unit from the numbers of a column, if all have the same.

    Parameters
    ----------
    column
        Strings and nulls.
    """
    some = column.drop_nulls()
    some = some.gather_every(max(len(some) // LOOKED_AT, 1))
    some = some.filter(~are_missing(some))
    if len(some) == 0:
        return Units(column)
    if int(some.str.contains(CLOCK).sum()) >= MOSTLY * len(some) and some.n_unique() >= DIFFERENT:
        return Units(column, (_about_clock(column.name, str(some[0])),))
    units = some.str.extract(WITH_UNIT, 1).drop_nulls()
    if len(units) < MOSTLY * len(some) or some.n_unique() < DIFFERENT or code_in(_bare(some)):
        return Units(column)
    different = units.unique().sort().to_list()
    if len(different) > FEW or any(re.fullmatch(CURRENCY, unit) for unit in different):
        return Units(column)
    if len(different) > 1 or different[0] in MULTIPLES:
        return _with_several(column, different, str(some[0]))
    unit = str(different[0])
    bare = column.str.replace(rf"\s*{re.escape(unit)}\s*$", "")
    return Units(
        bare,
        (
            f"{column.name} was read as numbers in {unit}: send only the number to the topic, "
            f"{_bare(some)[0]!s}, not {some[0]!r}",
        ),
    )


def _with_several(column: pl.Series, units: list[str], example: str) -> Units:
    """Convert ``266.14K`` to ``266.14e3``; other units cannot be converted."""
    if not {*units} <= {*MULTIPLES}:
        said = (
            f"{column.name} was read as text: its numbers have different units "
            f"({', '.join(units)}), such as {example!r}; use one unit"
        )
        return Units(column, (said,))
    for letter in units:
        column = column.str.replace(rf"(\d)\s*{letter}\s*$", f"${{1}}e{MULTIPLES[letter]}")
    said = (
        f"{column.name} was read as numbers with {', '.join(units)} for thousands, millions and "
        f"so on: send the full number to the topic, not {example!r}"
    )
    return Units(column, (said,))


def _bare(texts: pl.Series) -> pl.Series:
    return texts.str.replace(r"\s*[^\d]+$", "").str.strip_chars()


def _about_clock(name: str, example: str) -> str:
    return (
        f"{name} has durations or times of day such as {example!r} and was read as text: convert "
        "them to seconds to use them as numbers"
    )
