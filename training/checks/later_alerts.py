"""Check whether a model calibrated on earlier rows alerts as often as requested on later rows."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.calibration import Calibration
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.wording import percent
from training.checks.alert_share import alert_share_warning
from training.checks.drift import change_in_words
from training.history import History
from training.holdout import positions_in_time

Rows: TypeAlias = npt.NDArray[np.bool_]

HALF = 0.5

MAX_NAMED = 3
"""Maximum number of features to list."""


def wild_rows(calibration: Calibration, raw: Vector) -> Rows:
    """Return which of the held-back rows do not count as ordinary in the calibration.

    Parameters
    ----------
    calibration
        Fitted on these rows.
    raw
        Their scores (high = abnormal), shape ``(rows,)``.
    """
    wild = np.zeros(len(raw), dtype=bool)
    wild[np.argsort(-raw, kind="stable")[: calibration.wild]] = True
    return wild


def wild_rows_warning(wild: Rows, alert_rate: float) -> str | None:
    """Warn that some of the held-back rows count as anomalies; None if none does."""
    found = int(wild.sum())
    if not found:
        return None
    return (
        f"{found:,} of {len(wild):,} held-back rows ({percent(found / len(wild))}) are far beyond "
        "the rest: they count as anomalies, not as the tail of ordinary rows, and alert in "
        f"addition to the requested {percent(alert_rate)}"
    )


def later_alerts_warning(
    fitted_on: History,
    held_back: History,
    schema: FeatureSchema,
    raw: Vector,
    learnt: Vector,
    wild: Rows,
    alert_rate: float,
) -> str | None:
    """Warn if there will be no alerts on new rows, or far too many; None otherwise.

    On the calibration rows, the share of alerts is as requested by construction. So the earlier
    half of them is used to calibrate here, and alerts are counted on the later half.

    Parameters
    ----------
    fitted_on
        The training rows.
    held_back
        The calibration rows. Without times, their order means nothing, and there is no warning.
    schema
        Schema of both.
    raw
        Scores of the held-back rows (high = abnormal), shape ``(rows,)``.
    learnt
        Scores of training rows, shape ``(others,)``.
    wild
        Which of the held-back rows count as anomalies; their alerts are expected.
    alert_rate
        Requested share of the other rows.
    """
    if held_back.times is None:
        return None
    later: Rows = positions_in_time(held_back, HALF) > HALF
    if later.all() or not later.any():
        return None
    calibration = Calibration.fit(raw[~later], learnt)
    later &= ~wild
    alerts = calibration.log_p_values(raw[later]) <= np.log(alert_rate)
    warning = alert_share_warning(alert_rate, int(alerts.sum()), len(alerts))
    if warning is None:
        return None
    new = held_back.take(np.flatnonzero(later))
    why = change_in_words(fitted_on, new, schema, alerts)
    return (
        "the number of alerts will differ from the request: in the later half of the held-back "
        f"rows, calibrated on the earlier half, {warning}. {why}"
    )


def gaps_warning(
    schema: FeatureSchema,
    learnt: Matrix,
    held_back: Matrix,
    log_p: Vector,
    wild: Rows,
    alert_rate: float,
) -> str | None:
    """Warn if far more of the held-back rows alert than requested, for lack of values.

    Parameters
    ----------
    schema
        Schema of the rows.
    learnt, held_back
        Encoded training rows and held-back rows; missing values are NaN.
    log_p
        Logarithms of the held-back rows' p-values, shape ``(rows,)``.
    wild
        Which of the held-back rows count as anomalies; their alerts are expected.
    alert_rate
        Requested share of the other rows.
    """
    found = int((log_p[~wild] <= np.log(alert_rate)).sum())
    warning = alert_share_warning(alert_rate, found, int((~wild).sum()))
    if warning is None:
        return None
    more = np.isnan(held_back).mean(axis=0) - np.isnan(learnt).mean(axis=0)
    indices = [int(index) for index in np.argsort(-more)[:MAX_NAMED] if more[index] > 0.0]
    names = ", ".join(schema.features[index].name for index in indices)
    because = f": values of {names} are missing more often than in training" if names else ""
    return f"of the held-back rows, {warning}{because}"
