"""Whether rows alert about as often as was asked: said loudly where they do not."""

import numpy as np
import numpy.typing as npt

from anomaly_app.core.calibration import Calibration
from anomaly_app.core.schema import FeatureSchema, Matrix
from training.drift import change_in_words
from training.history import History
from training.series import places_in_time

TOO_MANY = 5.0
"""Times the asked share from which on alerts are too many."""

SURE_OF_NONE = 8.0
"""Alerts that were to be expected before it means something that there is none."""

HALF = 0.5

SURE_OF_MANY = 10
"""Alerts at least before they are called too many."""


def alert_share_warning(asked: float, found: int, rows: int) -> str | None:
    """Say that alerts are none, or more than five times what was asked; None where all is well.

    Parameters
    ----------
    asked
        Share of the rows that shall alert, above 0 and at most 0.5.
    found
        How many rows alert.
    rows
        How many rows were judged.
    """
    expected = asked * rows
    if found == 0 and expected >= SURE_OF_NONE:
        return f"none of {rows:,} rows alerts; about {expected:,.0f} were asked for"
    # Five times a high share is more than there are rows.
    too_many = rows * min(TOO_MANY * asked, (1.0 + asked) / 2.0)
    if found >= SURE_OF_MANY and found > too_many:
        return (
            f"{found:,} of {rows:,} rows alert ({_percent(found / rows)}); about "
            f"{expected:,.0f} ({_percent(asked)}) were asked for"
        )
    return None


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
        f"alerts will not be as many as asked: calibrated on the earlier half of the rows held "
        f"back, {warning} on the later half. {why}"
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"
