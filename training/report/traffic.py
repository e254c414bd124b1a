"""Alerts counted by time, or by rows where there are no times."""

from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Matrix
from training.history import Labels

HOUR, DAY, WEEK = 3_600.0, 86_400.0, 604_800.0

A_DAY = "a day"

MOST_BARS = 150
"""Hours are shown up to this number of them, and days; then weeks."""


class Traffic(NamedTuple):
    """What alerts are counted by."""

    units: float
    """How many days, or thousands of rows; above 0."""
    unit: str


class Counts(NamedTuple):
    """Alerts in equal spans of time."""

    starts: Matrix
    """Seconds since the epoch, shape ``(spans,)``."""
    width: float
    """Seconds of a span."""
    unit: str
    alerts: Matrix
    """In each span."""
    right: Matrix | None
    """Of these, on anomalies; None without labels."""


def traffic_of(times: Matrix | None, rows: int) -> Traffic:
    """Choose what alerts are counted by: days where there are times, else 1,000 rows.

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


def alerts_over_time(times: Matrix, alerts: Labels, labels: Labels | None) -> Counts:
    """Count alerts by the hour, the day or the week: whatever makes a readable number of spans.

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
            if span <= MOST_BARS * width
        ),
        (WEEK, "a week"),
    )
    first = np.floor(times.min() / width)
    places = (np.floor(times / width) - first).astype(int)
    spans = int(places.max()) + 1

    def count(rows: Labels) -> Matrix:
        return np.bincount(places[rows], minlength=spans).astype(np.float64)

    return Counts(
        starts=(first + np.arange(spans)) * width,
        width=width,
        unit=unit,
        alerts=count(alerts),
        right=None if labels is None else count(alerts & labels),
    )
