"""Patterns of dates and times: ISO 8601, with points, slashes or month names."""

import re
from datetime import datetime
from typing import Literal, TypeAlias

import polars as pl

Order: TypeAlias = Literal["day", "month"]
"""What comes first in 01/05/2026."""

ORDERS: tuple[Order, ...] = ("day", "month")

WORDS = {
    "weekday": "%a",
    "year": "%Y",
    "month": "%m",
    "name": "%b",
    "day": "%d",
    "minute": "%M",
    "second": "%S",
    "part": "%f",
    "half": "%p",
    "offset": "%z",
}
"""Directives of strptime for the parts."""

LONGEST_SHORT = 3
"""Length of short names of months and days."""

NAME = r"(?P<name>[^\W\d_]{3,9})\.?"
DAY = r"(?P<day>\d{1,2})"
YEAR = r"(?P<year>\d{4}|\d{2})"
MINUTES = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})"
PART = r"(?:[.,:](?P<part>\d{1,9}))?"
CLOCK = (
    r"(?:(?:[T :,]|\s+at)\s*(?P<hour>\d{1,2})"
    rf"(?::(?P<minute>\d{{2}})(?::(?P<second>\d{{2}}){PART})?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
)
OFFSET = r"\s*(?P<offset>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*\(\w+\)|\[[\w/]+\])?$"
END = CLOCK + OFFSET
WEEKDAY = r"^(?:(?P<weekday>[^\W\d_]{2,9})\.?,?\s+)?"

WAYS: dict[str, str] = {
    "year first": rf"^(?P<year>\d{{4}})[-/. ](?P<month>\d{{1,2}})[-/. ]{DAY}{END}",
    "year last": rf"^(?P<one>\d{{1,2}})[-/. ](?P<two>\d{{1,2}})[-/. ]{YEAR}{END}",
    "day, name": rf"{WEEKDAY}{DAY}(?:st|nd|rd|th)?\.?[-/ ]\s*{NAME},?[-/ ]\s*{YEAR}{END}",
    "name, day": rf"{WEEKDAY}{NAME}[- ]\s*{DAY}(?:st|nd|rd|th)?,?[- ]\s*(?P<year>\d{{4}}){END}",
    "as C writes": (
        rf"{WEEKDAY}{NAME}\s+{DAY}\s+{MINUTES}:(?P<second>\d{{2}})(?P<part>)(?P<half>)(?P<offset>)"
        r"\s+(?:[A-Z]{3,4}\s+)?(?P<year>\d{4})$"
    ),
    "digits": (
        r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
        r"(?:[T_ -]?(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2})?"
        rf"(?:[.,](?P<part>\d{{1,9}}))?(?P<half>))?{OFFSET}"
    ),
}

NUMERIC = r"^\s*(\d{1,2})([-/. ])(\d{1,2})[-/. ](?:\d{4}|\d{2})(?:\D|$)"
"""Dates whose first two numbers are the day and the month."""

TOLD = 0.99
"""Minimum share of decisive rows that agree; the others are errors."""


def order_of(texts: pl.Series) -> Order | None:
    """Detect the order of dates such as 25/01/2026, from numbers above 12 or from points.

    Parameters
    ----------
    texts
        Strings without nulls.
    """
    dates = texts.filter(texts.str.contains(NUMERIC))
    if len(dates) == 0:
        return None
    parts = dates.str.extract_groups(NUMERIC).struct.unnest()
    one, two = (parts[:, index].cast(pl.Int64) for index in (0, 2))
    day = int(((one > 12) & (two <= 12)).sum())  # noqa: PLR2004
    month = int(((two > 12) & (one <= 12)).sum())  # noqa: PLR2004
    if day + month == 0:
        return "day" if (parts[:, 1] == ".").all() or (one == two).all() else None
    if day > TOLD * (day + month):
        return "day"
    return "month" if month > TOLD * (day + month) else None


def is_numeric_date(texts: pl.Series) -> bool:
    """Return whether most strings are dates such as 01/05/2026."""
    return int(texts.str.contains(NUMERIC).sum()) > len(texts) / 2


def format_of(text: str, order: Order) -> str | None:
    """Return the strptime format of a string; None for ISO 8601, or if it is unknown.

    Parameters
    ----------
    text
        A date, with or without a time.
    order
        Order of dates such as 01/05/2026.
    """
    text = text.strip()
    found = next((found for way in WAYS.values() if (found := re.match(way, text))), None)
    if found is None or _is_iso(text):
        return None
    first, second = ("%d", "%m") if order == "day" else ("%m", "%d")
    words = {
        **WORDS,
        "one": first,
        "two": second,
        "hour": "%I" if _group(found, "half") else "%H",
    }
    written, end = "", 0
    for name in sorted(found.groupdict(), key=found.start):
        if group := _group(found, name):
            word = words[name]
            if name in {"name", "weekday"} and len(group) > LONGEST_SHORT:
                word = word.upper()
            if name == "year" and len(group) == 2:  # noqa: PLR2004
                word = "%y"
            written += text[end : found.start(name)].replace("%", "%%") + word
            end = found.end(name)
    return written + text[end:].replace("%", "%%")


def _group(found: re.Match[str], name: str) -> str:
    return found.groupdict().get(name) or ""


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
