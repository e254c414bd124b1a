"""Read columns of strings as numbers, booleans or strings, with missing values as null."""

from typing import NamedTuple

import polars as pl

from training.tables.decimals import Decimals
from training.tables.missing import are_missing, missing_texts
from training.tables.numbers import code_in, currencies, parsed
from training.tables.table import Where
from training.tables.truncation import cut
from training.tables.units import without_unit

LOOKED_AT = 2_000
"""Number of cells to check for strings."""

SURELY = 0.7
"""Share of cells that are not numbers from which a column is text without further checks."""

MOSTLY = 0.95
"""Minimum share of numbers in a column of numbers."""

HALF = 0.5

FEW_WORDS = 3
"""Maximum number of different words that may stand for missing numbers in any share of cells."""

MANY_NUMBERS = 10
"""Minimum number of different numbers in a column with words: with fewer, it may be a category with
values such as 0, a and b."""

MAX_SHOWN = 40
"""Maximum length of a cell in a warning."""

CODES = 0.01
"""Share of values that mix letters and digits from which all are codes."""


class Read(NamedTuple):
    """A column and its warnings."""

    column: pl.Series
    warnings: tuple[str, ...] = ()


def read_cells(column: pl.Series, decimals: Decimals, where: Where, *, none_is_text: bool) -> Read:
    """Read a column of strings.

    Parameters
    ----------
    column
        Strings and nulls.
    decimals
        Decides on the decimal mark.
    where
        Returns the name of a row.
    none_is_text
        Whether "none" is a value, as in labels.

    Returns
    -------
    Read
        Numbers if nearly all values are numbers; the others are null, with a warning. Booleans if
        all values are true or false. Otherwise strings.
    """
    if column.null_count() == len(column):
        return Read(pl.Series(column.name, [None] * len(column), dtype=pl.Null))
    column = _unquoted(column)
    plain = column.cast(pl.Float64, strict=False).fill_nan(None)
    plain = plain.set(plain.is_infinite(), None)
    unread = column.is_not_null() & plain.is_null()
    about_units: tuple[str, ...] = ()
    if unread.any() and _is_surely_text(column, plain, unread):
        bare, about_units = without_unit(column)
        if bare is column:
            return _text(column, none_is_text=none_is_text)._replace(warnings=about_units)
        column = bare
        plain = column.cast(pl.Float64, strict=False)
        unread = column.is_not_null() & plain.is_null()
    mark, doubt = decimals.of(column, unread, where)
    numbers = plain if mark == "point" else parsed(column, mark)
    rest = column.is_not_null() & numbers.is_null()
    words: tuple[str, ...] = ()
    if rest.any():
        indices = rest.arg_true()
        texts = column.gather(indices)
        numbers = numbers.scatter(indices, parsed(texts, mark))
        words = _mixed_currencies(texts)
        missing = are_missing(texts)
        rest = column.is_not_null() & numbers.is_null()
        rest = rest.scatter(indices.filter(missing), values=False)
    filled = int(numbers.is_not_null().sum())
    bad = int(rest.sum())
    if filled == 0:
        return _text(column, none_is_text=none_is_text)
    code = code_in(column.filter(numbers.is_not_null()))
    if code is None and (bad == 0 or _is_numbers(column, numbers, rest)):
        said = (*_about_bad(column, rest, where), *doubt, *words, *about_units)
        return Read(_whole(column, numbers), said)
    read = _text(column, none_is_text=none_is_text)
    return Read(read.column, _about_text(column, filled, rest, where, code))


def _is_surely_text(column: pl.Series, plain: pl.Series, unread: pl.Series) -> bool:
    """Return whether a sample has far too few numbers, in any notation."""
    indices = unread.arg_true()
    some = column.gather(indices.gather_every(max(len(indices) // LOOKED_AT, 1)))
    numbers = parsed(some, "point").is_not_null() | parsed(some, "comma").is_not_null()
    missing = are_missing(some)
    others = 1.0 - int((numbers | missing).sum()) / len(some)
    return others * len(indices) > SURELY * (len(indices) + plain.count()) and plain.count() < len(
        indices
    )


def _unquoted(column: pl.Series) -> pl.Series:
    """Remove single quotes if all values are quoted."""
    first = column.drop_nulls().head(1)
    quoted = r"^\s*'.*'\s*$"
    if not first.str.contains(quoted).all() or not column.str.contains(quoted).all():
        return column
    return column.str.strip_chars().str.strip_chars("'")


def _mixed_currencies(texts: pl.Series) -> tuple[str, ...]:
    found = currencies(texts)
    if len(found) < 2:  # noqa: PLR2004
        return ()
    return (
        f"{texts.name} has amounts in {', '.join(found)}, which were read as plain numbers, as if "
        "all were in one currency",
    )


def _is_numbers(column: pl.Series, numbers: pl.Series, rest: pl.Series) -> bool:
    filled, bad = int(numbers.is_not_null().sum()), int(rest.sum())
    share = filled / (filled + bad)
    if share < HALF:
        return False
    texts = column.filter(rest).str.strip_chars()
    codes = texts.str.contains(r"^\w*\d\w*$") & texts.str.contains(r"\p{L}")
    if int(codes.sum()) / (filled + bad) >= CODES and codes.sum() > 1:
        return False
    different = numbers.n_unique() - int(numbers.null_count() > 0)
    if different < min(MANY_NUMBERS, filled):
        return False
    words = texts.unique()
    few = len(words) <= FEW_WORDS and not words.str.contains(r"\d").any()
    return share >= MOSTLY or few


def _whole(column: pl.Series, numbers: pl.Series) -> pl.Series:
    """Keep whole numbers as integers: a double has only 15 digits."""
    whole = column.cast(pl.Int64, strict=False)
    if whole.null_count() == numbers.null_count():
        return whole
    return numbers.alias(column.name)


def _about_bad(column: pl.Series, rest: pl.Series, where: Where) -> tuple[str, ...]:
    bad = int(rest.sum())
    if bad == 0:
        return ()
    index = int(rest.arg_true()[0])
    return (
        f"{column.name}: {bad:,} of {len(column):,} cells {'is' if bad == 1 else 'are'} not "
        f"numeric and {'counts' if bad == 1 else 'count'} as missing, such as "
        f"{_cut(column[index])} ({where(index)})",
    )


def _about_text(
    column: pl.Series, filled: int, rest: pl.Series, where: Where, code: str | None
) -> tuple[str, ...]:
    bad = int(rest.sum())
    if code is not None and filled >= HALF * (filled + bad):
        return (
            f"{column.name} was read as a category, not as a number, because it has codes such as "
            f"{_cut(code)}",
        )
    if filled < HALF * (filled + bad):
        return ()
    index = int(rest.arg_true()[0])
    return (
        f"{column.name} was read as text: only {filled:,} of {filled + bad:,} values are numbers; "
        f"others are not, such as {_cut(column[index])} ({where(index)})",
    )


def _text(column: pl.Series, *, none_is_text: bool) -> Read:
    if column.str.contains(r"^\s|\s$").any():
        column = column.str.strip_chars()
    words = missing_texts(column, none_is_text=none_is_text)
    if words:
        column = column.set(column.is_in(words), None)
    if _is_truth(column):
        return Read((column.str.to_lowercase() == "true").alias(column.name))
    if column.null_count() == len(column):
        return Read(pl.Series(column.name, [None] * len(column), dtype=pl.Null))
    return Read(column)


def _is_truth(column: pl.Series) -> bool:
    def only_truth(some: pl.Series) -> bool:
        return bool(some.drop_nulls().str.to_lowercase().is_in(["true", "false"]).all())

    if column.null_count() == len(column) or not only_truth(column.head(1_000)):
        return False
    return only_truth(column)


def _cut(text: str) -> str:
    return repr(cut(text, MAX_SHOWN))
