"""Matchers: conditions on the labels of an incident, such as ``merchant ~ shop-*``."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Self

from anomaly_app.core.alerts.globs import is_glob_of
from anomaly_app.core.scoring.severity import Severity
from anomaly_app.core.visible import quoted
from anomaly_app.errors import DataError

LONGEST = 500
"""Characters of a matcher."""

EXAMPLE = "merchant ~ shop-* or severity >= high"

ALIASES = {"reason": "feature"}
"""Other names of labels."""

OPERATORS = ("!=", "!~", ">=", "<=", "=", "~", ">", "<")
"""Longer ones first: the first that fits is taken."""

ORDER: dict[str, Callable[[float, float], bool]] = {
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
}

RANKS = {str(severity): float(rank) for rank, severity in enumerate(Severity)}

QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
BARE_FIELD = re.compile(r'[^\s"=!~<>]+')
BARE_VALUE = re.compile(r'[^\s"]+')


class Matcher:
    """A condition on one label.

    Parameters
    ----------
    field
        ``entity``, ``severity``, ``feature`` (or ``reason``), ``grouped_by``, ``status``, or any
        field of the transaction. One that is not there is as an empty one.
    operator
        ``=`` and ``!=`` compare texts, ``~`` and ``!~`` patterns in which ``*`` is any text and
        ``?`` any character, ``<``, ``<=``, ``>`` and ``>=`` numbers and severities.
    value
        What the label is compared with.

    Raises
    ------
    DataError
        The value does not fit the operator or the field.
    """

    __slots__ = ("field", "operator", "value")

    def __init__(self, field: str, operator: str, value: str) -> None:
        self.field = ALIASES.get(field, field)
        self.operator = operator
        self.value = value
        if self.field == "severity" and "~" not in operator and value not in RANKS:
            raise DataError(f"severity {quoted(value)} is none of {', '.join(RANKS)}")
        if operator in ORDER and _number(self.field, value) is None:
            raise DataError(f"{quoted(value)} is not a number: {operator} compares numbers")

    @classmethod
    def parse(cls, text: str) -> Self:
        r"""Read a matcher.

        Parameters
        ----------
        text
            Field, operator and value. A field or value with spaces or quotes stands in double
            quotes, in which ``\"`` and ``\\`` are a quote and a backslash.

        Raises
        ------
        DataError
            It is not a matcher; the text is one line that says what to write.
        """
        if len(text) > LONGEST:
            raise DataError(f"a matcher has at most {LONGEST} characters, not {len(text)}")
        if not text.isprintable():
            raise DataError(f"matcher {quoted(text)}: it has a character that cannot be printed")
        text = text.strip()
        field, end = _word(text, 0, BARE_FIELD)
        rest = text[end:].lstrip()
        operator = next((one for one in OPERATORS if rest.startswith(one)), None)
        if not field or operator is None:
            raise _unreadable(text, "a field and one of " + " ".join(OPERATORS))
        rest = rest.removeprefix(operator).lstrip()
        value, end = _word(rest, 0, BARE_VALUE)
        if value is None or end != len(rest):
            raise _unreadable(text, 'a value after the operator, in "quotes" if it has spaces')
        return cls(field, operator, value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the condition holds."""
        label = labels.get(self.field, "")
        match self.operator:
            case "=":
                return label == self.value
            case "!=":
                return label != self.value
            case "~":
                return is_glob_of(self.value, label)
            case "!~":
                return not is_glob_of(self.value, label)
        one, other = _number(self.field, label), _number(self.field, self.value)
        return one is not None and other is not None and ORDER[self.operator](one, other)

    def __str__(self) -> str:
        field, value = _written(self.field, BARE_FIELD), _written(self.value, BARE_VALUE)
        return f"{field} {self.operator} {value}"

    def __repr__(self) -> str:
        return f"Matcher({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


@lru_cache(maxsize=4096)
def matcher_of(text: str) -> Matcher:
    """Read a matcher that is used again and again, such as those of a silence."""
    return Matcher.parse(text)


def first_mismatch(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> Matcher | None:
    """Return the first matcher that does not hold; None if all of them do."""
    return next((one for one in matchers if not one.matches(labels)), None)


def _word(text: str, start: int, bare: re.Pattern[str]) -> tuple[str | None, int]:
    """Read a word, in quotes or without; None if there is none."""
    if found := QUOTED.match(text, start):
        return re.sub(r"\\(.)", r"\1", found[1]), found.end()
    found = bare.match(text, start)
    return (found[0], found.end()) if found else (None, start)


def _written(word: str, bare: re.Pattern[str]) -> str:
    if bare.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(field: str, text: str) -> float | None:
    if field == "severity":
        return RANKS.get(text)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _unreadable(text: str, expected: str) -> DataError:
    return DataError(f"matcher {quoted(text)}: write {expected}, as in: {EXAMPLE}")
