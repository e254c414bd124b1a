"""Check whether a history covers every hour of the day."""

import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.hours import (
    HOURS_PER_DAY,
    SECONDS_PER_HOUR,
    hour_of_day,
    local_seconds,
)
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.roles.roles import HOUR
from training.history import History

MIN_DAYS = 3
"""Minimum number of days on which each hour of the day must occur."""

DAY = int(HOURS_PER_DAY)


def hour_feature(history: History) -> Feature | None:
    """Return the feature for the hour of the day; None if it is not a feature.

    It is a feature if the roles allow it, and every hour of the day, in the time zone of the
    roles, occurs on at least `MIN_DAYS` days.

    Parameters
    ----------
    history
        The rows that the detector will be fitted on.
    """
    if not _is_wanted(history) or history.times is None:
        return None
    timezone = history.roles.timezone
    hours = np.unique(local_seconds(history.times, timezone) // SECONDS_PER_HOUR)
    days_of_hours = np.bincount((hours % DAY).astype(int), minlength=DAY)
    if days_of_hours.min() < MIN_DAYS:
        return None
    found = hour_of_day(history.times, timezone)
    return Feature(
        HOUR,
        "hour_of_day",
        expected=float(np.median(found)),
        high=HOURS_PER_DAY,
        hours=tuple(shares_of_hours(found).tolist()),
    )


def hour_warning(history: History) -> str | None:
    """Warn if the user wants the hour of the day and it is not a feature; None otherwise."""
    if HOUR not in history.roles.features or HOUR in history.frame.columns:
        return None
    if history.times is None:
        return f"{HOUR} was left out: the history has no times"
    if hour_feature(history) is None:
        return (
            f"{HOUR} was left out: the history does not cover every hour of the day on at least "
            f"{MIN_DAYS} days"
        )
    return None


def shares_of_hours(hours: Vector) -> Vector:
    """Return the share of rows in each hour of the day, given their hours of the day, 0 to 24."""
    counted = np.bincount(np.minimum(hours.astype(int), DAY - 1), minlength=DAY)
    shares: Vector = counted / max(len(hours), 1)
    return shares


def _is_wanted(history: History) -> bool:
    roles = history.roles
    if HOUR in history.frame.columns:
        return False
    return roles.hour and (not roles.features or HOUR in roles.features)
