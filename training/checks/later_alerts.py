"""Whether a model that is calibrated on earlier rows alerts as often as asked on later ones."""

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.calibration import Calibration
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.wording import percent
from training.checks.alert_share import alert_share_warning
from training.checks.drift import change_in_words
from training.history import History
from training.holdout import positions_in_time

Rows = npt.NDArray[np.bool_]

HALF = 0.5

MOST_NAMED = 3
"""Features that are named at most."""


def wild_rows(calibration: Calibration, raw: Matrix) -> Rows:
    """Tell which of the rows held back have no vote on what is ordinary.

    Parameters
    ----------
    calibration
        On these rows.
    raw
        Their scores (high = abnormal), shape ``(rows,)``.
    """
    wild = np.zeros(len(raw), dtype=bool)
    wild[np.argsort(-raw, kind="stable")[: calibration.wild]] = True
    return wild


def wild_rows_warning(wild: Rows, alert_rate: float) -> str | None:
    """Say that some of the rows held back count as anomalies; None where none does."""
    found = int(wild.sum())
    if not found:
        return None
    return (
        f"{found:,} of {len(wild):,} rows held back ({percent(found / len(wild))}) are far beyond "
        "the rest: they count as anomalies, not as the tail of ordinary rows, and such rows alert "
        f"besides the {percent(alert_rate)} that were asked for"
    )


def later_alerts_warning(
    fitted_on: History,
    held_back: History,
    schema: FeatureSchema,
    raw: Matrix,
    learnt: Matrix,
    wild: Rows,
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
    learnt
        Its scores of rows that it learnt from.
    wild
        Which of these count as anomalies: their alerts are none too many.
    alert_rate
        Share of the other rows that shall alert.
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
        f"alerts will not be as many as asked: of the later half of the rows held back, "
        f"calibrated on the earlier half, {warning}. {why}"
    )


def gaps_warning(
    schema: FeatureSchema,
    learnt: Matrix,
    held_back: Matrix,
    log_p: Matrix,
    wild: Rows,
    alert_rate: float,
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
    wild
        Which of these count as anomalies: their alerts are none too many.
    alert_rate
        Share of the other rows that shall alert.
    """
    found = int((log_p[~wild] <= np.log(alert_rate)).sum())
    warning = alert_share_warning(alert_rate, found, int((~wild).sum()))
    if warning is None:
        return None
    more = np.isnan(held_back).mean(axis=0) - np.isnan(learnt).mean(axis=0)
    places = [int(place) for place in np.argsort(-more)[:MOST_NAMED] if more[place] > 0.0]
    names = ", ".join(schema.features[place].name for place in places)
    because = f": values of {names} are missing there more often than before" if names else ""
    return f"of the rows held back, {warning}{because}"
