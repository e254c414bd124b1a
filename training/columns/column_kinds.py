"""Whether a column holds numbers, categories, or what identifies its row."""

import polars as pl

from anomaly_app.core.roles.column_names import NAMES, plain_name, words_of

ALMOST_ALL = 0.9
"""Share of the values, at least, that are different where a column identifies its rows."""

REPEATED = 0.5
"""Share of different values above which strings repeat too seldom to be a category."""

LEAST_VALUES = 20
"""Values below which nothing is said to identify rows by being different."""

IDENTIFIERS = frozenset(
    {
        *("id", "ids", "uuid", "guid", "hash", "token", "ref", "reference", "phone", "ssn"),
        *("iban", "imei"),
    }
)
"""Last words of names of what identifies something."""

NUMBERED = frozenset({"no", "nr", "num", "number"})
"""The same, where another word comes before: an account number is one, a number is not."""

COUNTED = frozenset({"of", "count", "total", "sum", "mean", "average", "avg", "amount", "n"})
"""Words of names of what was counted: the number of calls identifies nothing."""

CODES = frozenset(
    {
        *("code", "codes", "zip", "zipcode", "postcode", "plz", "mcc", "port", "sku"),
        *("merchant", "shop", "store", "terminal", "vendor", "supplier", "seller", "branch"),
        *("category", "type", "kind", "country", "region", "city", "channel", "product"),
    }
)
"""Last words of names of categories that are written as whole numbers."""

ID_LENGTH = 8
"""Digits from which on different numbers of one length are identifiers: card numbers, orders."""

DENSE = 1.5
"""Places for each value, at most, where all-different whole numbers have been dealt out."""


def is_category(column: pl.Series) -> bool:
    """Tell whether a column's values name something: strings, and whole numbers named so.

    Whole numbers are categories where the last word of their name says so (``merchant_id``,
    ``zip``, ``area code``, ``flight number``) and values repeat.
    """
    if column.dtype == pl.String:
        return True
    named = says_identifier(column.name) or says_code(column.name)
    return column.dtype.is_integer() and named and not almost_all_different(column)


def is_identifier(column: pl.Series) -> bool:
    """Tell whether a column identifies its rows.

    More than half of its strings are different; or almost all of its whole numbers, and the last
    word of its name says so, or they have been dealt out: all have the same length, 8 digits or
    more, or they fill a range. Other numbers are quantities.
    """
    if not (column.dtype == pl.String or column.dtype.is_integer()):
        return False
    if column.dtype == pl.String:
        return almost_all_different(column, REPEATED)
    if not almost_all_different(column):
        return False
    return says_identifier(column.name) or _dealt_out(column)


def almost_all_different(column: pl.Series, share: float = ALMOST_ALL) -> bool:
    """Tell whether hardly any value repeats: this share of them, at least, is different."""
    filled = len(column) - column.null_count()
    return filled >= LEAST_VALUES and column.drop_nulls().n_unique() > share * filled


def says_identifier(name: str) -> bool:
    """Tell whether a column's name is that of an identifier."""
    words = words_of(name)
    if not words or COUNTED & set(words):
        return False
    if words[-1] in NUMBERED:
        return len(words) > 1
    glued = plain_name(name)
    known = glued.endswith("id") and glued in (*NAMES["key"], *NAMES["id"], "merchantid")
    return words[-1] in IDENTIFIERS or known


def says_code(name: str) -> bool:
    """Tell whether a column's name is that of a category that may be written as a number."""
    words = words_of(name)
    return bool(words) and words[-1] in CODES and not COUNTED & set(words)


def as_strings(column: pl.Series) -> pl.Series:
    """Write categories as strings; whole numbers without a point, as they are sent."""
    if column.dtype == pl.Boolean:
        column = column.cast(pl.Int8)
    if not column.dtype.is_float():
        return column.cast(pl.String)
    numbers = column.fill_nan(None)
    whole = numbers.cast(pl.Int64, strict=False)
    is_whole = whole.cast(column.dtype) == numbers
    return pl.select(
        pl.when(is_whole).then(whole.cast(pl.String)).otherwise(numbers.cast(pl.String))
    ).to_series()


def _dealt_out(column: pl.Series) -> bool:
    low, high = (int(value) for value in (column.min(), column.max()))  # type: ignore[arg-type]
    length = len(str(low))
    if low >= 0 and length == len(str(high)) and length >= ID_LENGTH:
        return True
    return high - low + 1 <= DENSE * (len(column) - column.null_count())
