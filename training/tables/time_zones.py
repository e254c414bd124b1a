"""Convert times in time zones to seconds since the epoch."""

from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.times import LATEST
from anomaly_app.errors import DataError

SMALL = pl.duration(hours=1)
"""Largest gap at the start of summer time."""

Seconds: TypeAlias = npt.NDArray[np.float64]


def check_zone(zone: str) -> None:
    """Check that a time zone exists.

    Raises
    ------
    DataError
        It does not exist.
    """
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        raise DataError(
            f"unknown time zone {zone!r}: use an IANA name such as Europe/Berlin"
        ) from None


def localised(naive: pl.Series, zone: str) -> pl.Series:
    """Set the zone of naive times; ambiguous ones are the earlier, skipped ones the later time."""
    if zone == "UTC":
        return naive
    frame = pl.DataFrame({"naive": naive})
    rules = {"ambiguous": "earliest", "non_existent": "null"}
    there = pl.col("naive").dt.replace_time_zone(zone, **rules)  # type: ignore[arg-type]
    before = (pl.col("naive") - SMALL).dt.replace_time_zone(zone, **rules)  # type: ignore[arg-type]
    return frame.select(pl.coalesce(there, before + SMALL)).to_series()


def epoch(moments_read: pl.Series) -> Seconds:
    """Return seconds since the epoch; NaN for null and out of range."""
    numbers = moments_read.cast(pl.Int64).cast(pl.Float64)
    dtype = moments_read.dtype
    unit = dtype.time_unit if isinstance(dtype, pl.Datetime) else "us"
    seconds = (numbers / {"ms": 1e3, "us": 1e6, "ns": 1e9}[unit]).to_numpy()
    return in_range(seconds)


def in_range(seconds: Seconds) -> Seconds:
    """Replace times before 1970 or after 2100 by NaN."""
    return np.where((seconds >= 0.0) & (seconds < LATEST), seconds, np.nan)


def placed(read: pl.DataFrame, zone: str) -> Seconds:
    """Convert parsed times to seconds, by their own offsets or in the zone."""
    naive, offset = read["naive"], read["offset"]
    own = read.select(
        pl.col("naive") - pl.duration(seconds=pl.col("offset").fill_null(0))
    ).to_series()
    if offset.null_count() == 0:
        return epoch(own)
    local = epoch(localised(naive, zone))
    if offset.null_count() == len(offset):
        return local
    return np.where(offset.is_null().to_numpy(), local, epoch(own))
