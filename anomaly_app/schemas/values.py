"""How types that JSON lacks are written in it, for both Avro and Protobuf."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # local times have no zone
FIRST_DAY = date(1970, 1, 1).toordinal()
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)

LONGEST_DECIMAL = 128
"""Bytes: about 300 digits, more than a double can hold. Writing a million digits takes minutes."""

EXACT = Context(prec=400)

write_json = msgspec.json.Encoder(decimal_format="number").encode
"""Bytes become base64, NaN and infinity null, dates and times ISO 8601, decimals numbers."""


def timestamp(count: int, unit: timedelta, *, begin: datetime = EPOCH) -> datetime | int:
    """Return the time `count` units after 1970; the number itself if it is out of range."""
    try:
        return begin + count * unit
    except OverflowError:
        return count


def day(count: int) -> date | int:
    """Return the date `count` days after 1970; the number itself if it is out of range."""
    try:
        return date.fromordinal(FIRST_DAY + count)
    except (ValueError, OverflowError):
        return count


def time_of_day(count: int, unit: timedelta) -> time | int:
    """Return the time `count` units after midnight; the number itself if it is out of range."""
    if not 0 <= count < DAY // unit:
        return count
    return (NAIVE_EPOCH + count * unit).time()


def decimal(unscaled: bytes, scale: int) -> Decimal:
    """Decode a decimal number.

    Parameters
    ----------
    unscaled
        An integer in two's complement, big-endian.
    scale
        Number of digits after the decimal point.

    Raises
    ------
    ValueError
        It has too many digits.
    """
    if len(unscaled) > LONGEST_DECIMAL:
        raise ValueError(f"a decimal of {len(unscaled):,} bytes")
    return Decimal(int.from_bytes(unscaled, "big", signed=True)).scaleb(-scale, EXACT)
