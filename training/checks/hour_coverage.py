"""Whether a history tells what is usual at every hour of the day."""

import numpy as np

from anomaly_app.core.hours import (
    HOURS_PER_DAY,
    SECONDS_PER_HOUR,
    Times,
    hour_of_day,
    local_seconds,
)
from anomaly_app.core.model.schema import Feature
from anomaly_app.core.roles.roles import HOUR
from training.history import History

LEAST_DAYS = 3
"""Days on which every hour of the day must have been seen: fewer may be like no other."""

DAY = int(HOURS_PER_DAY)


def hour_feature(history: History) -> Feature | None:
    """Describe the hour of the day; None where it is no feature.

    It is one where the roles want it, and every hour of the day, as the clocks of the roles'
    zone count them, was seen on `LEAST_DAYS` days.

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
    if days_of_hours.min() < LEAST_DAYS:
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
    """Say that the hour of the day was asked for, and is no feature; None otherwise."""
    if HOUR not in history.roles.features or HOUR in history.frame.columns:
        return None
    if history.times is None:
        return f"{HOUR} was left out: the history has no times"
    if hour_feature(history) is None:
        return (
            f"{HOUR} was left out: the history does not have every hour of the day on "
            f"{LEAST_DAYS} days at least"
        )
    return None


def shares_of_hours(hours: Times) -> Times:
    """Share of the rows in each hour of the day, from their hours of the day, 0 to 24."""
    counted = np.bincount(np.minimum(hours.astype(int), DAY - 1), minlength=DAY)
    shares: Times = counted / max(len(hours), 1)
    return shares


def _is_wanted(history: History) -> bool:
    roles = history.roles
    if HOUR in history.frame.columns:
        return False
    return roles.hour and (not roles.features or HOUR in roles.features)
