"""Columns of texts read by a format of Python's strptime, which is that of the worker, too."""

from datetime import UTC, datetime

import polars as pl

from anomaly_app.core.times import check_time_format

TRIED = 20
"""Different texts that tell whether a format fits any."""

TIMED = ("%H", "%I", "%X", "%c")
"""Words of a format that has a time of the day."""


def strptime(texts: pl.Series, time_format: str) -> pl.Series:
    """Read texts as dates or moments; null where one is not of the format.

    Parameters
    ----------
    texts
        Without spaces around.
    time_format
        As `datetime.datetime.strptime` takes it.

    Raises
    ------
    DataError
        It is no such format.
    """
    check_time_format(time_format)
    fast = _by_polars(texts, time_format)
    if fast is not None and fast.count():
        return fast
    # polars refuses an hour without minutes, and knows fewer words.
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
    """Read one text, in UTC where it names a zone."""
    try:
        read = datetime.strptime(text, time_format)  # noqa: DTZ007  # the caller has the zone
        return read.astimezone(UTC) if read.tzinfo else read
    except (ValueError, OverflowError):
        return None
