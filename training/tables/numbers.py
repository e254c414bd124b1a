"""Parse numbers with a decimal point or a decimal comma."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import polars as pl

Mark: TypeAlias = Literal["point", "comma"]
"""The decimal mark."""

CURRENCY = (
    r"(?:(?:US|AU|CA|NZ|HK|SG|A|C|R|S)?[$€£¥₹₽₩₺₫₪₦฿₴₱¢]|Fr\.|Rs\.?|kr\.?|zł|Kč|Ft|"
    r"(?:EUR|USD|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|"
    r"BRL|MXN|ARS|CLP|COP|PEN|ZAR|NGN|KES|EGP|MAD|AED|SAR|QAR|ILS|KRW|TWD|HKD|SGD|THB|MYR|IDR|PHP|"
    r"VND|PKR|BDT|LKR|BTC|ETH)\b)"
)
"""Signs and codes of currencies."""

SPACES = "[\u00a0\u202f\u2009]"

GROUPED = r"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+"
"""A number with thousands separators; `0.123` has none."""

_SPACED = f"{GROUPED.format(mark=' ')}|{GROUPED.format(mark=chr(39))}"

PATTERNS: dict[Mark, str] = {
    "point": rf"^[+-]?(?:{GROUPED.format(mark=',')}|{_SPACED}|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?$",
    "comma": rf"^[+-]?(?:{GROUPED.format(mark='[.]')}|{_SPACED}|\d+)?(?:,\d*)?(?:[eE][+-]?\d+)?$",
}
"""Numbers by their decimal mark, after `bare`."""


def bare(texts: pl.Series) -> pl.Series:
    """Remove surrounding spaces, currency signs and percent signs; normalise minus signs."""
    return (
        texts.str.replace_all(SPACES, " ")
        .str.replace_all("[\N{RIGHT SINGLE QUOTATION MARK}`]", "'")
        .str.replace_all("\N{MINUS SIGN}", "-", literal=True)
        .str.strip_chars()
        .str.replace(r"^\((.*)\)$", "-$1")
        .str.replace(r"^(\d.*[\d.,])-$", "-$1")
        .str.replace(rf"^([+-]?)\s*{CURRENCY}\s*([+-]?)", "$1$2")
        .str.replace(rf"\s*(?:{CURRENCY}|%)$", "")
    )


def parsed(texts: pl.Series, mark: Mark) -> pl.Series:
    """Parse strings as numbers; null if they are not.

    Parameters
    ----------
    texts
        Strings of cells.
    mark
        The decimal mark.
    """
    cells = bare(texts)
    fits = cells.str.contains(PATTERNS[mark])
    plain = cells.str.replace_all("[' ,]" if mark == "point" else "[' .]", "")
    if mark == "comma":
        plain = plain.str.replace(",", ".", literal=True)
    numbers = plain.cast(pl.Float64, strict=False).fill_nan(None)
    known = fits & numbers.is_finite()
    return pl.select(pl.when(known).then(numbers)).to_series().alias(texts.name)


def marks_seen(texts: pl.Series) -> dict[Mark | None, pl.Series]:
    """Return the strings that are numbers by one mark only, and (None) by both marks.

    Strings without a point or a comma are in none of them.
    """
    cells = bare(texts)
    point, comma = (cells.str.contains(PATTERNS[mark]) for mark in ("point", "comma"))
    telling = cells.str.contains("[.,]")
    return {
        "point": texts.filter(point & ~comma & telling),
        "comma": texts.filter(comma & ~point & telling),
        None: texts.filter(point & comma & telling),
    }


def currencies(texts: pl.Series) -> list[str]:
    """Return the currency signs and codes beside numbers."""
    before = texts.str.extract(rf"^\s*[+-]?\s*({CURRENCY})\s*[+-]?\d", 1)
    after = texts.str.extract(rf"\d\s*({CURRENCY})\s*$", 1)
    return sorted({*before.drop_nulls().unique(), *after.drop_nulls().unique()})


PHONE = r"^\+\d{7,}$"
ADDRESS = r"^\d{1,3}(?:\.\d{1,3}){3}$"

LONGEST = 18
"""Maximum number of digits of a whole number; longer ones are codes, and exceed 64 bits."""

ZERO_FIRST = r"^\s*0\d+\s*$"
CODE = rf"{ZERO_FIRST}|{PHONE}|{ADDRESS}|^[+-]?\d{{{LONGEST + 1},}}$"
"""Strings that look like numbers and may be codes."""

ZEROS = 0.05
"""Share of whole numbers with a leading zero from which they are codes."""

ONE_LENGTH = 0.9
"""Share of whole numbers as long as those with a leading zero from which they are codes."""


def code_in(texts: pl.Series) -> str | None:
    """Return an example of a code that looks like a number; None without any.

    Codes are digits with a leading zero, if they are frequent or all have the same length
    (``0042``), phone numbers with a plus, IP addresses, and more than `LONGEST` digits.
    """
    if len(found := texts.filter(texts.str.contains(CODE))) == 0:
        return None
    sure = found.filter(~found.str.contains(ZERO_FIRST))
    if len(sure):
        return _first(sure)
    zeros = found
    digits = texts.filter(texts.str.contains(r"^\s*\d+\s*$")).str.strip_chars().str.len_bytes()
    alike = float((digits == len(_first(zeros).strip())).sum()) / len(digits)
    return _first(zeros) if alike >= ONE_LENGTH or len(zeros) / len(digits) >= ZEROS else None


def _first(texts: pl.Series) -> str:
    return str(texts[0])


TIME_LIKE = r"^\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}(?:[T ].*)?$"


def are_values(cells: Sequence[str]) -> list[bool]:
    """Return which cells are numbers, dates or times, in any notation.

    Parameters
    ----------
    cells
        Cells that are none of these may be column names.
    """
    texts = pl.Series(cells, dtype=pl.String)
    looks = texts.str.strip_chars().str.contains(TIME_LIKE)
    for mark in PATTERNS:
        looks = looks | parsed(texts, mark).is_not_null()
    return looks.to_list()
