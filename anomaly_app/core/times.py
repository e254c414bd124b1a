"""When a transaction happened: ISO 8601 or epoch, as seconds since the epoch."""

from datetime import UTC, datetime

from anomaly_app.core.errors import RecordRejected, Rejection

EARLIEST = 0.0
LATEST = 4_102_444_800.0
"""1970-01-01 to 2100-01-01, in seconds: outside it is a fault of the sender's clock or code."""

FIRST_PLAIN_YEAR, LAST_PLAIN_YEAR = 1971, 2098
"""Whatever the time zone, a moment of these years is in range."""

UNITS = ((10**17, 1e9), (10**14, 1e6), (10**11, 1e3))
"""Numbers from which on nanoseconds, microseconds and milliseconds are counted, and how many of
them make a second. Up to the year 2100 a number has one meaning only, from March 1973 on."""

FIRST_PLAIN_TIMESTAMP, LAST_PLAIN_TIMESTAMP = 10**11, int(LATEST) * 1000 - 1
"""Timestamps of Kafka that are milliseconds and in range."""


def parse_time(value: str | float | datetime) -> float:
    """Read a time.

    Parameters
    ----------
    value
        ISO 8601 text (without an offset it is UTC), a moment with its time zone, or a number
        since the epoch, whose size tells its unit.

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
    elif (known := seconds_of(value)) is not None:
        return known
    else:
        raise _out_of_range("time", value)
    if not EARLIEST <= seconds < LATEST:
        raise _out_of_range("time", value)
    return seconds


def parse_timestamp(timestamp: int | None) -> float:
    """Read a timestamp of Kafka's, in whatever unit the producer took.

    Parameters
    ----------
    timestamp
        None and what is below 0 mean that there is none: it counts as 1970.

    Returns
    -------
    float
        Seconds since the epoch, from `EARLIEST` to below `LATEST`.

    Raises
    ------
    RecordRejected
        It is out of range.
    """
    if timestamp is None or timestamp <= 0:
        return EARLIEST
    if FIRST_PLAIN_TIMESTAMP <= timestamp <= LAST_PLAIN_TIMESTAMP:
        return timestamp / 1000.0
    seconds = seconds_of(timestamp)
    if seconds is None:
        raise _out_of_range("Kafka's timestamp", timestamp)
    return seconds


def seconds_of(number: float) -> float | None:
    """Turn a number since the epoch, of any size, into seconds; None where it is out of range."""
    # A whole number may have thousands of digits: it is compared before it is converted.
    if not EARLIEST <= number < LATEST * UNITS[0][1]:
        return None
    a_second = next((a_second for first, a_second in UNITS if number >= first), 1.0)
    seconds = number / a_second
    return seconds if seconds < LATEST else None


def _out_of_range(name: str, value: object) -> RecordRejected:
    return RecordRejected(
        Rejection.BAD_TIME, f"{name} {str(value)[:40]} is not between the years 1970 and 2100"
    )


def iso_time(seconds: float) -> str:
    """Write seconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
