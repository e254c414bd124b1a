"""When a transaction happened: ISO 8601 or epoch, as seconds since the epoch."""

from datetime import UTC, datetime

from anomaly_app.core.errors import RecordRejected, Rejection

EARLIEST = 0.0
LATEST = 4_102_444_800.0
"""1970-01-01 to 2100-01-01, in seconds: outside it is a fault of the sender's clock or code."""

FIRST_PLAIN_YEAR, LAST_PLAIN_YEAR = 1971, 2098
"""Whatever the time zone, a moment of these years is in range."""

MILLISECONDS_FROM = 1e11
"""A number from here on counts milliseconds: as seconds it would be the year 5138."""


def parse_time(value: str | float | datetime) -> float:
    """Read a time.

    Parameters
    ----------
    value
        ISO 8601 text (without an offset it is UTC), seconds or milliseconds since the epoch, or
        a moment with its time zone.

    Returns
    -------
    float
        Seconds since the epoch, from `EARLIEST` to below `LATEST`.

    Raises
    ------
    RecordRejected
        The text is no time, or the time is out of range.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise RecordRejected(
                Rejection.BAD_TIME, f"time {value[:40]!r} is neither ISO 8601 nor a number"
            ) from None
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    elif isinstance(value, datetime):
        seconds = value.timestamp()
    else:
        seconds = value / 1000.0 if value >= MILLISECONDS_FROM else float(value)
    if not EARLIEST <= seconds < LATEST:
        raise RecordRejected(
            Rejection.BAD_TIME, f"time {str(value)[:40]} is not between the years 1970 and 2100"
        )
    return seconds


def iso_time(seconds: float) -> str:
    """Write seconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
