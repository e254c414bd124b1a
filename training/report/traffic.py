"""Count alerts per unit of time or, without times, per number of rows."""

from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Vector
from training.history import Labels

HOUR, DAY, WEEK = 3_600.0, 86_400.0, 604_800.0

A_DAY = "a day"

MAX_BARS = 150
"""Maximum number of bars of hours or of days; longer periods use weeks."""


class Traffic(NamedTuple):
    """The unit that alerts are counted by."""

    units: float
    """Number of days, or of thousands of rows; above 0."""
    unit: str


class Counts(NamedTuple):
    """Alerts in equal spans of time."""

    starts: Vector
    """Seconds since the epoch, shape ``(spans,)``."""
    width: float
    """Length of a span in seconds."""
    unit: str
    alerts: Vector
    """Number of alerts in each span."""
    right: Vector | None
    """Number of these on anomalies; None without labels."""


def traffic_of(times: Vector | None, rows: int) -> Traffic:
    """Choose the unit to count alerts by: days or, without times, 1,000 rows.

    Parameters
    ----------
    times
        Seconds since the epoch, shape ``(rows,)``.
    rows
        At least 1.
    """
    if times is not None and (span := float(np.ptp(times))) > 0.0:
        return Traffic(span / DAY, A_DAY)
    return Traffic(rows / 1_000.0, "per 1,000 rows")


def alerts_over_time(times: Vector, alerts: Labels, labels: Labels | None) -> Counts:
    """Count alerts by hour, day or week, so that the number of spans is readable.

    Parameters
    ----------
    times
        Seconds since the epoch, shape ``(rows,)``, at least one.
    alerts
        Whether each row alerts.
    labels
        Whether each row is an anomaly.
    """
    span = float(np.ptp(times))
    width, unit = next(
        (
            (width, unit)
            for width, unit in ((HOUR, "an hour"), (DAY, A_DAY))
            if span <= MAX_BARS * width
        ),
        (WEEK, "a week"),
    )
    first = np.floor(times.min() / width)
    indices = (np.floor(times / width) - first).astype(int)
    spans = int(indices.max()) + 1

    def count(rows: Labels) -> Vector:
        return np.bincount(indices[rows], minlength=spans).astype(np.float64)

    return Counts(
        starts=(first + np.arange(spans)) * width,
        width=width,
        unit=unit,
        alerts=count(alerts),
        right=None if labels is None else count(alerts & labels),
    )
