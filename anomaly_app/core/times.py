"""Parse times, ISO 8601 or since the epoch, to seconds since the epoch."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import numpy as np

from anomaly_app.core.arrays import Integers, Vector
from anomaly_app.core.json_reading import number_in
from anomaly_app.core.visible import quoted
from anomaly_app.errors import DataError, RecordRejected, Rejection

EARLIEST = 0.0
LATEST = 4_102_444_800.0
"""1970-01-01 to 2100-01-01, in seconds: other times are an error of the sender's clock or code."""

FIRST_PLAIN_YEAR, LAST_PLAIN_YEAR = 1971, 2098
"""A time in these years is in range in any time zone."""

UNITS = ((10**17, 1e9), (10**14, 1e6), (10**11, 1e3))
"""Numbers from which on the unit is nanoseconds, microseconds or milliseconds, and the units per
second. From March 1973 to the year 2100 a number is unambiguous."""

LONGEST_TIME = 100
"""Maximum length of a string that is parsed by a format."""

DIGITS_OF_A_DATE = 8
"""Digits of 20260105, which is an ISO 8601 date and not a number."""

FIRST_PLAIN_TIMESTAMP, LAST_PLAIN_TIMESTAMP = 10**11, int(LATEST) * 1000 - 1
"""Kafka timestamps that are milliseconds and in range."""


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its IANA name.

    Raises
    ------
    DataError
        There is no such time zone.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DataError(
            f"there is no time zone {name!r}: use an IANA name such as Europe/Berlin"
        ) from None


def check_time_format(time_format: str) -> None:
    """Check that a time format is valid.

    Raises
    ------
    DataError
        It is not valid for any time.
    """
    try:
        datetime.strptime("", time_format)  # noqa: DTZ007  # the result is not used
    except ValueError as fault:
        if "does not match" not in str(fault) and "unconverted" not in str(fault):
            raise DataError(f"the time format {time_format!r} cannot be read: {fault}") from None


def parse_time(
    value: str | float | datetime,
    *,
    zone: tzinfo = UTC,
    time_format: str | None = None,
    strict: bool = False,
) -> float:
    """Parse a time.

    Parameters
    ----------
    value
        A string, a datetime, or a number since the epoch, whose magnitude gives its unit. A string
        is in `time_format`, in ISO 8601, or such a number.
    zone
        Time zone of a time that does not name one.
    time_format
        Format for `datetime.datetime.strptime`; tried first.
    strict
        Whether numbers in strings are refused.

    Returns
    -------
    float
        Seconds since the epoch, from `EARLIEST` to below `LATEST`.

    Raises
    ------
    RecordRejected
        The string is not a time, or the time is out of range.
    """
    if isinstance(value, str):
        read = _read_text(value, time_format, strict=strict)
        if not isinstance(read, datetime):
            return parse_time(read)
        moment = read
    elif isinstance(value, datetime):
        moment = value
    elif (known := seconds_of(value)) is not None:
        return known
    else:
        raise _out_of_range("time", value)
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    if not EARLIEST <= seconds < LATEST:
        raise _out_of_range("time", value)
    return seconds


def _read_text(text: str, time_format: str | None, *, strict: bool) -> datetime | float:
    if time_format is not None and len(text) <= LONGEST_TIME:
        try:
            return datetime.strptime(text, time_format)  # noqa: DTZ007  # the caller has the zone
        except ValueError:
            pass
    number = number_in(text)
    if number is not None and not (len(text) == DIGITS_OF_A_DATE and text.isdigit()):
        if strict:
            raise RecordRejected(
                Rejection.BAD_TIME,
                f"time is the string {quoted(text)}; send {text.strip()[:40]} without quotes",
            )
        return number
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        # It also accepts "t" and "z".
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        pass
    if number is not None and not strict:
        return number
    usual = "ISO 8601 nor a number"
    expected = usual if time_format is None else f"{time_format}, {usual}"
    raise RecordRejected(Rejection.BAD_TIME, f"time {text[:40]!r} is neither {expected}")


def parse_timestamp(timestamp: int | None) -> float:
    """Convert a Kafka timestamp, whatever unit the producer used.

    Parameters
    ----------
    timestamp
        None or negative if there is none, which counts as 1970.

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
    """Convert a number since the epoch, in any unit, to seconds; None if it is out of range."""
    # An integer may have thousands of digits: compare it before converting it.
    if not EARLIEST <= number < LATEST * UNITS[0][1]:
        return None
    a_second = next((a_second for first, a_second in UNITS if number >= first), 1.0)
    seconds = number / a_second
    return seconds if seconds < LATEST else None


def milliseconds(seconds: Vector) -> Integers:
    """Round seconds to whole milliseconds."""
    whole: Integers = np.rint(seconds * 1000.0).astype(np.int64)
    return whole


def _out_of_range(name: str, value: object) -> RecordRejected:
    return RecordRejected(
        Rejection.BAD_TIME, f"{name} {str(value)[:40]} is not between the years 1970 and 2100"
    )


def iso_time(seconds: float) -> str:
    """Format seconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def is_rfc_3339(text: str) -> bool:
    """Return whether a time is in the format of msgspec: RFC 3339, with or without a zone."""
    try:
        msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return False
    return True
