"""Whether a model that is calibrated on earlier rows alerts as often as asked on later ones."""

import numpy as np
import numpy.typing as npt

from anomaly_app.core.calibration import Calibration
from anomaly_app.core.schema import FeatureSchema, Matrix
from training.alert_share import alert_share_warning
from training.drift import change_in_words
from training.history import History
from training.series import places_in_time

HALF = 0.5

MOST_NAMED = 3
"""Features that are named at most."""


def later_alerts_warning(
    fitted_on: History,
    held_back: History,
    schema: FeatureSchema,
    raw: Matrix,
    alert_rate: float,
) -> str | None:
    """Say that the alerts on new rows will be none, or far too many; None where all is well.

    On the rows that calibrate, the share is as asked by construction. So the earlier half of them
    calibrates here, and alerts are counted on the later half, which is new to it.

    Parameters
    ----------
    fitted_on
        The rows that the detector learnt from.
    held_back
        Those that it did not; without times their order means nothing, and nothing is said.
    schema
        Of both.
    raw
        The detector's scores of the rows held back (high = abnormal), shape ``(rows,)``.
    alert_rate
        Share of the rows that shall alert.
    """
    if held_back.times is None:
        return None
    later: npt.NDArray[np.bool_] = places_in_time(held_back, HALF) > HALF
    if later.all() or not later.any():
        return None
    calibration = Calibration.fit(raw[~later])
    alerts = calibration.log_p_values(raw[later]) <= np.log(alert_rate)
    warning = alert_share_warning(alert_rate, int(alerts.sum()), len(alerts))
    if warning is None:
        return None
    new = held_back.take(np.flatnonzero(later))
    why = change_in_words(fitted_on, new, schema, alerts)
    return (
        f"alerts will not be as many as asked: of the later half of the rows held back, "
        f"calibrated on the earlier half, {warning}. {why}"
    )


def gaps_warning(
    schema: FeatureSchema, learnt: Matrix, held_back: Matrix, log_p: Matrix, alert_rate: float
) -> str | None:
    """Say that far too many of the rows held back alert, since they lack what others have.

    Parameters
    ----------
    schema
        Of the rows.
    learnt, held_back
        The encoded rows; NaN is missing.
    log_p
        Logarithms of the p-values of those held back, shape ``(rows,)``.
    alert_rate
        Share of the rows that shall alert.
    """
    found = int((log_p <= np.log(alert_rate)).sum())
    warning = alert_share_warning(alert_rate, found, len(log_p))
    if warning is None:
        return None
    more = np.isnan(held_back).mean(axis=0) - np.isnan(learnt).mean(axis=0)
    places = [int(place) for place in np.argsort(-more)[:MOST_NAMED] if more[place] > 0.0]
    names = ", ".join(schema.features[place].name for place in places)
    because = f": values of {names} are missing there more often than before" if names else ""
    return f"of the rows held back, {warning}{because}"
