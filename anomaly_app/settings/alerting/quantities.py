"""Durations and rates as people write them: ``30s``, ``20/h``."""

import re
from functools import partial
from typing import Any, Self

import msgspec

from anomaly_app.core.memory.durations import DAY, HOUR, SECOND, duration_of, duration_text
from anomaly_app.core.visible import quoted
from anomaly_app.errors import DataError

LONGEST_DURATION = 366 * DAY // SECOND
"""Seconds."""

MOST = 1_000_000
"""Events in a rate."""


class Duration(float):
    """Seconds, written as a whole number and ``s``, ``m``, ``h`` or ``d``."""

    pattern = r"^[0-9]{1,9}(ms|s|m|h|d)$"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a duration.

        Raises
        ------
        DataError
            It is not a duration, or longer than a year.
        """
        try:
            seconds = duration_of(text, "duration") / SECOND
        except DataError:
            seconds = None
        if seconds is None or seconds > LONGEST_DURATION:
            raise DataError(
                f"{quoted(text)} is not a duration of at most a year: write a number and s, m, h "
                "or d: 10m"
            )
        return cls(seconds)

    def __str__(self) -> str:
        return duration_text(round(self * SECOND))

    def __repr__(self) -> str:
        return f"Duration({float(self)!r})"


class Rate:
    """How often something may be, written as a whole number and ``/h`` or ``/d``.

    Parameters
    ----------
    count
        0 or more.
    seconds
        The time in which it may be that often.
    """

    __slots__ = ("count", "seconds")

    pattern = r"^[0-9]{1,7}/[hd]$"

    def __init__(self, count: int, seconds: float) -> None:
        self.count = count
        self.seconds = seconds

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a rate.

        Raises
        ------
        DataError
            It is not a rate, or more than `MOST`.
        """
        found = re.fullmatch(r"([0-9]{1,7})/([hd])", text)
        if found is None or int(found[1]) > MOST:
            raise DataError(f"{quoted(text)} is not a rate: write a number and /h or /d: 20/h")
        return cls(int(found[1]), (HOUR if found[2] == "h" else DAY) / SECOND)

    def __str__(self) -> str:
        return f"{self.count}/{'h' if self.seconds == HOUR / SECOND else 'd'}"

    def __repr__(self) -> str:
        return f"Rate({self.count}, {self.seconds})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rate) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def duration(text: str) -> Any:
    """Return a field of a structure whose default is this duration."""
    return msgspec.field(default_factory=partial(Duration.parse, text))


def rate(text: str) -> Any:
    """Return a field of a structure whose default is this rate."""
    return msgspec.field(default_factory=partial(Rate.parse, text))
