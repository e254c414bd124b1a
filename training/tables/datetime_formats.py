"""Read columns of strings by a strptime format, like a worker."""

from datetime import UTC, datetime

import polars as pl

from anomaly_app.core.times import check_time_format

TRIED = 20
"""Number of different strings to try a format on."""

TIMED = ("%H", "%I", "%X", "%c")
"""Directives of formats with a time of day."""


def strptime(texts: pl.Series, time_format: str) -> pl.Series:
    """Read strings as dates or datetimes; null if they do not have the format.

    Parameters
    ----------
    texts
        Strings without surrounding spaces.
    time_format
        Format for `datetime.datetime.strptime`.

    Raises
    ------
    DataError
        The format is invalid.
    """
    check_time_format(time_format)
    fast = _by_polars(texts, time_format)
    if fast is not None and fast.count():
        return fast
    # polars refuses hours without minutes, and knows fewer directives.
    different = texts.drop_nulls().unique()
    if all(_by_python(text, time_format) is None for text in different.head(TRIED)):
        different = different.head(TRIED) if fast is not None else different
    read = [_by_python(text, time_format) for text in different]
    dtype = pl.Datetime("us", "UTC" if "%z" in time_format else None)
    known = pl.Series("read", read, dtype=dtype)
    return texts.replace_strict(different, known, default=None, return_dtype=dtype)


def _by_polars(texts: pl.Series, time_format: str) -> pl.Series | None:
    theirs = time_format.replace(".%f", "%.f")
    if "%f" in theirs:
        return None
    try:
        if any(word in theirs for word in TIMED):
            return texts.str.to_datetime(theirs, strict=False, time_unit="us")
        return texts.str.to_date(theirs, strict=False)
    except (pl.exceptions.PolarsError, ValueError):
        return None


def _by_python(text: str, time_format: str) -> datetime | None:
    """Read one string, in UTC if it has a zone."""
    try:
        read = datetime.strptime(text, time_format)  # noqa: DTZ007  # the caller has the zone
        return read.astimezone(UTC) if read.tzinfo else read
    except (ValueError, OverflowError):
        return None
