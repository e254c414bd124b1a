"""The local hour of the day of a transaction."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from anomaly_app.core.arrays import Vector

SECONDS_PER_HOUR = 3600.0
HOURS_PER_DAY = 24.0

QUARTER = 900.0
"""Seconds: zones change their offset only at multiples of this."""


def local_seconds(times: Sequence[float] | Vector, timezone: str) -> Vector:
    """Return seconds since 1970 in the local time of a zone, including daylight saving time.

    Parameters
    ----------
    times
        Seconds since the epoch.
    timezone
        As IANA names it.
    """
    seconds = np.asarray(times, dtype=np.float64)
    if timezone == "UTC" or not len(seconds):
        return seconds
    quarters = (seconds // QUARTER).astype(np.int64)
    first = int(quarters[0])
    if (quarters == first).all():
        return seconds + _offset(timezone, first)
    distinct, indices = np.unique(quarters, return_inverse=True)
    offsets: Vector = np.array([_offset(timezone, quarter) for quarter in distinct.tolist()])
    return seconds + offsets[indices]


def hour_of_day(times: Sequence[float] | Vector, timezone: str = "UTC") -> Vector:
    """Return the hour of the day, 0 to 24.

    Parameters
    ----------
    times
        Seconds since the epoch.
    timezone
        As IANA names it.
    """
    hours: Vector = local_seconds(times, timezone) / SECONDS_PER_HOUR % HOURS_PER_DAY
    return hours


@lru_cache(maxsize=2**14)
def _offset(timezone: str, quarter: int) -> float:
    moment = datetime.fromtimestamp(quarter * QUARTER, tz=ZoneInfo(timezone))
    offset = moment.utcoffset()
    return 0.0 if offset is None else offset.total_seconds()
