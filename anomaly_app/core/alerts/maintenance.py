"""Windows of maintenance, by calendar expression: nobody is told of incidents within them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Self

from cronsim import CronSim, CronSimError

from anomaly_app.core.times import zone_of
from anomaly_app.core.visible import quoted
from anomaly_app.errors import DataError

FIELDS = 5
"""Minute, hour, day of the month, month, day of the week."""

LONGEST_CALENDAR = 200
"""Characters of an expression."""

WIDEST_SHIFT = timedelta(hours=3)
"""Clocks are not set back by more."""


class Calendar:
    """When windows begin: an expression of cron, such as ``0 2 * * *`` for two o'clock.

    Parameters
    ----------
    text
        Minute, hour, day of the month, month, day of the week, as Debian's cron reads them.

    Raises
    ------
    DataError
        It is not such an expression, or no day of any year fits.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        if len(text) > LONGEST_CALENDAR or len(text.split()) != FIELDS:
            raise _unreadable(text, "it needs five parts")
        try:
            begin = next(CronSim(self.text, datetime(2024, 1, 1, tzinfo=UTC)), None)
        except (CronSimError, ValueError, AssertionError) as fault:
            raise _unreadable(text, str(fault) or "it cannot be read") from None
        if begin is None:
            raise _unreadable(text, "no day fits")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an expression; the same as the constructor."""
        return cls(text)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Calendar({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def end_of_window(calendar: Calendar, duration: float, zone: str, now: float) -> float | None:
    """Return when the window ends that is open now; None if there is none.

    A window is as long as it says, also when clocks are set. One that would begin in an hour that
    is left out begins at its end, and one in an hour that comes twice begins once, as in Debian's
    cron; expressions with a ``*`` for the minute or hour go by the minutes that pass.

    Parameters
    ----------
    calendar
        When windows begin.
    duration
        Seconds that each is open, above 0; the end is not part of it.
    zone
        IANA time zone of the calendar.
    now
        Seconds since the epoch.
    """
    begin = _latest_begin(calendar.text, zone, int(now // 60))
    return begin + duration if begin is not None and now < begin + duration else None


@lru_cache(maxsize=1024)
def _latest_begin(text: str, zone_name: str, minute: int) -> float | None:
    now = minute * 60.0
    begins = (begin for begin in _begins_backwards(text, zone_of(zone_name), now) if begin <= now)
    return next(begins, None)


def _begins_backwards(text: str, zone: tzinfo, now: float) -> Iterator[float]:
    # From an hour that comes twice, going back by the clock would miss what began in its first
    # pass.
    start = datetime.fromtimestamp(now, tz=zone) + WIDEST_SHIFT
    for begin in CronSim(text, start, reverse=True):
        yield begin.timestamp()


def _unreadable(text: str, why: str) -> DataError:
    return DataError(
        f"{quoted(text)} is not a calendar expression ({why}): write minute, hour, day of the "
        'month, month, day of the week, such as "0 2 * * *" for two o\'clock'
    )
