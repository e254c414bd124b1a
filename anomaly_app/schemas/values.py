"""How what JSON does not have is written in it: the same for Avro and for Protobuf."""

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
"""Bytes: some 300 digits, and more than a double can hold. To write a million takes minutes."""

EXACT = Context(prec=400)

write_json = msgspec.json.Encoder(decimal_format="number").encode
"""Bytes become base64, NaN and infinity null, dates and times ISO 8601, decimals numbers."""


def timestamp(count: int, unit: timedelta, *, begin: datetime = EPOCH) -> datetime | int:
    """Give the time so many units after 1970; the number itself where that is no time."""
    try:
        return begin + count * unit
    except OverflowError:
        return count


def day(count: int) -> date | int:
    """Give the day so many days after 1970; the number itself where that is no day."""
    try:
        return date.fromordinal(FIRST_DAY + count)
    except (ValueError, OverflowError):
        return count


def time_of_day(count: int, unit: timedelta) -> time | int:
    """Give the time so many units after midnight; the number itself where that is no time."""
    if not 0 <= count < DAY // unit:
        return count
    return (NAIVE_EPOCH + count * unit).time()


def decimal(unscaled: bytes, scale: int) -> Decimal:
    """Give a decimal number.

    Parameters
    ----------
    unscaled
        A whole number in two's complement, its most significant byte first.
    scale
        Digits of it behind the point.

    Raises
    ------
    ValueError
        It has too many digits.
    """
    if len(unscaled) > LONGEST_DECIMAL:
        raise ValueError(f"a decimal of {len(unscaled):,} bytes")
    return Decimal(int.from_bytes(unscaled, "big", signed=True)).scaleb(-scale, EXACT)
