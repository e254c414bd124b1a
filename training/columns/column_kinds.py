"""Whether a column has numbers, categories or identifiers."""

import polars as pl

from anomaly_app.core.roles.column_names import NAMES, plain_name, words_of

ALMOST_ALL = 0.9
"""Minimum share of different values of an identifier."""

REPEATED = 0.5
"""Share of different values above which strings are identifiers, not categories."""

MIN_VALUES = 20
"""Minimum number of values of an identifier."""

IDENTIFIERS = frozenset(
    {
        *("id", "ids", "uuid", "guid", "hash", "token", "ref", "reference", "phone", "ssn"),
        *("iban", "imei"),
    }
)
"""Last words in names of identifiers."""

NUMBERED = frozenset({"no", "nr", "num", "number"})
"""The same after another word: an account number is an identifier, a number is not."""

COUNTED = frozenset({"of", "count", "total", "sum", "mean", "average", "avg", "amount", "n"})
"""Words in names of counts: the number of calls is not an identifier."""

CODES = frozenset(
    {
        *("code", "codes", "zip", "zipcode", "postcode", "plz", "mcc", "port", "sku"),
        *("merchant", "shop", "store", "terminal", "vendor", "supplier", "seller", "branch"),
        *("category", "type", "kind", "country", "region", "city", "channel", "product"),
    }
)
"""Last words in names of categories that are written as whole numbers."""

ID_LENGTH = 8
"""Minimum number of digits of identifiers of equal length, such as card and order numbers."""

DENSE = 1.5
"""Maximum ratio of the range of serial numbers to their count."""


def is_category(column: pl.Series) -> bool:
    """Return whether a column is a category: strings, and whole numbers with a suitable name.

    Whole numbers are categories if the last word of the name says so (``merchant_id``, ``zip``,
    ``area code``, ``flight number``) and values repeat.
    """
    if column.dtype == pl.String:
        return True
    named = says_identifier(column.name) or says_code(column.name)
    return column.dtype.is_integer() and named and not almost_all_different(column)


def is_identifier(column: pl.Series) -> bool:
    """Return whether a column identifies its rows.

    More than half of its strings are different. Or almost all of its whole numbers are different,
    and the last word of its name is that of an identifier, or they are serial numbers: all have
    the same length of 8 digits or more, or they fill a range. Other numbers are quantities.
    """
    if not (column.dtype == pl.String or column.dtype.is_integer()):
        return False
    if column.dtype == pl.String:
        return almost_all_different(column, REPEATED)
    if not almost_all_different(column):
        return False
    return says_identifier(column.name) or _are_serial_numbers(column)


def almost_all_different(column: pl.Series, share: float = ALMOST_ALL) -> bool:
    """Return whether more than this share of the values is different."""
    filled = len(column) - column.null_count()
    return filled >= MIN_VALUES and column.drop_nulls().n_unique() > share * filled


def says_identifier(name: str) -> bool:
    """Return whether a column's name is that of an identifier."""
    words = words_of(name)
    if not words or COUNTED & set(words):
        return False
    if words[-1] in NUMBERED:
        return len(words) > 1
    glued = plain_name(name)
    known = glued.endswith("id") and glued in (*NAMES["key"], *NAMES["id"], "merchantid")
    return words[-1] in IDENTIFIERS or known


def says_code(name: str) -> bool:
    """Return whether a column's name is that of a category that may be written as a number."""
    words = words_of(name)
    return bool(words) and words[-1] in CODES and not COUNTED & set(words)


def as_strings(column: pl.Series) -> pl.Series:
    """Convert categories to strings; whole numbers have no decimal point, as in records."""
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


def _are_serial_numbers(column: pl.Series) -> bool:
    low, high = (int(value) for value in (column.min(), column.max()))  # type: ignore[arg-type]
    length = len(str(low))
    if low >= 0 and length == len(str(high)) and length >= ID_LENGTH:
        return True
    return high - low + 1 <= DENSE * (len(column) - column.null_count())
