"""Read columns of times in common formats, as seconds since the epoch."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from anomaly_app.core.times import UNITS
from anomaly_app.errors import DataError
from training.tables.datetime_formats import strptime
from training.tables.datetime_parsing import parse_datetimes
from training.tables.datetime_patterns import ORDERS, Order, format_of, is_numeric_date, order_of
from training.tables.time_zones import Seconds, check_zone, epoch, in_range, localised, placed

SLICE = 1_000_000
"""Number of strings to read at a time, to save memory."""

LOOKED_AT = 100
"""Number of strings from either end to detect the format."""

FIRST_DAY, LAST_DAY = 19700101, 21000101

CLOCK_STARTS = 3.2e7
"""Numbers up to a year in seconds are relative times, not seconds since 1970."""


@dataclass(frozen=True)
class Times:
    """A column read as times.

    Parameters
    ----------
    seconds
        Since the epoch; NaN if the cell is empty or unreadable.
    time_format
        Format for `datetime.datetime.strptime`, if all strings have the same format and it is not
        ISO 8601.
    own_clock
        Whether they are relative times: small numbers with an unknown start.
    unfit
        The format that the user set, if it fits no cell.
    """

    seconds: Seconds
    time_format: str | None = None
    own_clock: bool = False
    unfit: str | None = None

    @property
    def readable(self) -> float:
        """Share of readable cells."""
        return float(np.mean(~np.isnan(self.seconds))) if len(self.seconds) else 0.0


class AmbiguousTimeError(DataError):
    """Day and month are ambiguous."""


def read_times(column: pl.Series, *, zone: str, time_format: str | None = None) -> Times:
    """Read a column as times.

    Parameters
    ----------
    column
        Strings, numbers, dates or datetimes.
    zone
        IANA time zone of times without one.
    time_format
        Format for strptime; None: common formats.

    Raises
    ------
    AmbiguousTimeError
        Day and month are ambiguous in all rows.
    DataError
        The zone or the format is invalid.
    """
    check_zone(zone)
    if column.dtype.is_temporal():
        return Times(_of_moments(column, zone))
    is_text = column.dtype == pl.String
    if not is_text and not column.dtype.is_numeric():
        return Times(np.full(len(column), np.nan))
    if time_format is not None:
        texts = column if is_text else column.cast(pl.Int64, strict=False).cast(pl.String)
        said = Times(_by_format(texts, time_format, zone), time_format)
        # The format may be that of another file.
        if said.readable > 0.0:
            return said
        try:
            usual = _of_texts(column, zone) if is_text else _of_numbers(column, zone)
        except AmbiguousTimeError as fault:
            raise AmbiguousTimeError(
                f"the time format {time_format!r} fits no value: {fault}"
            ) from None
        return replace(usual, unfit=time_format)
    return _of_texts(column, zone) if is_text else _of_numbers(column, zone)


def _whole(column: pl.Series, numbers: pl.Series) -> pl.Series:
    whole = column.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == numbers.null_count() else numbers


def _of_moments(column: pl.Series, zone: str) -> Seconds:
    if column.dtype == pl.Time:
        return np.full(len(column), np.nan)
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        return epoch(column)
    return epoch(localised(column.cast(pl.Datetime("us")), zone))


def _of_numbers(column: pl.Series, zone: str) -> Times:
    present = column.drop_nulls()
    if len(present) == 0:
        return Times(np.full(len(column), np.nan))
    if (digits := _calendar_digits(present)) is not None:
        texts = column.cast(pl.Int64, strict=False).cast(pl.String)
        return Times(_by_format(texts, digits, zone), digits)
    numbers = column.cast(pl.Float64).to_numpy()
    a_second = np.ones(len(numbers))
    for first, unit in reversed(UNITS):
        a_second = np.where(numbers >= first, unit, a_second)
    seconds = in_range(numbers / a_second)
    largest = float(np.nanmax(seconds)) if not np.isnan(seconds).all() else 0.0
    return Times(seconds, own_clock=largest < CLOCK_STARTS)


def _calendar_digits(present: pl.Series) -> str | None:
    """Return the format of numbers such as 20260105101500; None for epoch times."""
    if present.dtype.is_float() and not (present == present.floor()).all():
        return None
    low, high = float(present.min()), float(present.max())  # type: ignore[arg-type]
    for digits, time_format in ((0, "%Y%m%d"), (4, "%Y%m%d%H%M"), (6, "%Y%m%d%H%M%S")):
        if FIRST_DAY * 10**digits <= low and high < LAST_DAY * 10**digits:
            texts = present.cast(pl.Int64).cast(pl.String)
            return time_format if not strptime(texts, time_format).has_nulls() else None
    return None


def _of_texts(column: pl.Series, zone: str) -> Times:
    present = column.drop_nulls()
    if len(present) == 0:
        return Times(np.full(len(column), np.nan))
    numbers = column.cast(pl.Float64, strict=False)
    if numbers.count() > len(present) / 2:
        return _of_numbers(_whole(column, numbers), zone)
    order = order_of(present)
    if order is None and is_numeric_date(present):
        some = present.head(LOOKED_AT).to_list()
        example = next((text for text in some if format_of(text, "day")), "01/05/2026")
        formats = " or ".join(repr(format_of(example, one)) for one in ORDERS)
        raise AmbiguousTimeError(
            f"column {column.name!r}: {example!r} may have the day or the month first, and the "
            f"other rows do not tell either: set --time-format {formats}"
        )
    parts = [
        placed(parse_datetimes(column[start : start + SLICE], order or "day"), zone)
        for start in range(0, len(column), SLICE)
    ]
    return Times(np.concatenate(parts), _one_format(present, order or "day"))


def _one_format(present: pl.Series, order: Order) -> str | None:
    """Return the format of all strings, judged by a sample; None if it differs or is ISO 8601."""
    some = [*present.head(LOOKED_AT), *present.tail(LOOKED_AT)]
    time_format = format_of(some[0], order)
    if time_format is None:
        return None
    try:
        for text in some:
            datetime.strptime(text.strip(), time_format)  # noqa: DTZ007
    except ValueError:
        return None
    return time_format


def _by_format(texts: pl.Series, time_format: str, zone: str) -> Seconds:
    read = strptime(texts.str.strip_chars(), time_format)
    if isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone is not None:
        return epoch(read)
    return epoch(localised(read.cast(pl.Datetime("us")), zone))
