"""Parse the words that assign parts to columns: ``key=cust label="Is Fraud"``."""

import difflib
import math
import shlex
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from anomaly_app.errors import DataError

PARTS = ("key", "time", "id", "label")
"""Parts that are a single column each."""

WORDS = (
    *(*PARTS, "features", "keep", "without", "categories", "timezone", "time_format", "hour"),
    *("header", "decimal", "missing", "mask", "hash"),
)
"""Names that may precede the ``=`` of a word; any other name renames a feature."""

ALIKE = 0.8
"""Similarity above which an unknown word counts as a typo of a known one."""


def pairs(words: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each word."""
    try:
        split = shlex.split(words)
    except ValueError as fault:
        raise DataError(
            f"the roles {words!r} cannot be read ({fault}): quote names as in a shell"
        ) from None
    for word in split:
        name, found, value = word.partition("=")
        if not found or not name or not value:
            raise DataError(
                f"{word!r} is not of the form part=column; the parts are {', '.join(WORDS)}"
            )
        if name not in WORDS and (
            close := difflib.get_close_matches(name, WORDS, n=1, cutoff=ALIKE)
        ):
            raise DataError(f"there is no part {name!r}; did you mean {close[0]}={value}?")
        yield name, value


def zone(value: str) -> str:
    """Parse a time zone."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise DataError(
            f"there is no time zone {value!r}: use an IANA name such as Europe/Berlin"
        ) from None
    return value


def is_on(value: str) -> bool:
    """Parse whether the hour of the day may be a feature."""
    if value not in {"none", "on"}:
        raise DataError(
            f"hour={value} is not valid: use hour=none to leave out the hour of the day"
        )
    return value == "on"


def mark(value: str) -> str:
    """Parse the decimal separator."""
    marks = {"point": "point", ".": "point", "comma": "comma", ",": "comma"}
    if value not in marks:
        raise DataError(f"decimal={value} is not valid: use decimal=point or decimal=comma")
    return marks[value]


def numbers(value: str) -> tuple[float, ...]:
    """Parse the numbers that stand for a missing value."""
    try:
        read = tuple(float(one) for one in value.split(","))
    except ValueError:
        read = (math.nan,)
    if not all(math.isfinite(one) for one in read):
        raise DataError(
            f"missing={value} is not valid: give numbers that stand for a missing value, such as "
            "missing=-200 or missing=-1,999"
        )
    return read


def names(value: str) -> tuple[str, ...]:
    """Parse names of columns or fields."""
    return tuple(value.split(","))


def masked_names(value: str) -> tuple[str, ...]:
    """Parse the names of fields that messages do not show."""
    found = tuple(name.strip() for name in value.split(","))
    if not all(part for name in found for part in name.split(".")):
        raise DataError(
            f"{value!r} does not name fields: write mask=card,name, or a path, mask=customer.card"
        )
    return found


SEVERAL: dict[str, tuple[str, Callable[[str], tuple[str | float, ...]]]] = {
    **{word: (word, names) for word in ("features", "keep", "without", "categories")},
    "missing": ("missing", numbers),
    "mask": ("masked", masked_names),
    "hash": ("hashed", masked_names),
}
"""Words with several values that add up: their fields in `Roles`, and how they are read."""
