"""Explain what has changed between training rows and later rows."""

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Vector
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.wording import number, percent
from training.encoding import encode_history
from training.history import History
from training.series import series_of

MAX_ALERTS = 0.5
"""Share of the alerts from which a single series explains them."""

MOVED = 1.0
"""Shift of a number's median, in standard deviations, from which it explains the alerts."""

ADVICE = "fit on more recent history, or leave out the feature that changed (docs/detectors.md)"


def change_in_words(
    before: History, after: History, schema: FeatureSchema, alerts: npt.NDArray[np.bool_]
) -> str:
    """Explain why there are more or fewer alerts than before.

    Parameters
    ----------
    before
        The training rows.
    after
        Later rows.
    schema
        Schema of both.
    alerts
        Whether each of the later rows alerts.
    """
    return f"{_series(after, alerts) or _numbers(before, after, schema) or _nothing()}: {ADVICE}"


def _series(after: History, alerts: npt.NDArray[np.bool_]) -> str | None:
    series = series_of(after)
    if series is None or not alerts.any():
        return None
    found = series.filter(alerts)["entity"].value_counts().sort("count", "entity")[-1]
    entity, alerting = found["entity"].item(), found["count"].item() / int(alerts.sum())
    share = float((series["entity"] == entity).mean() or 0.0)
    if alerting < MAX_ALERTS or alerting < 2 * share:
        return None
    return f"{entity} has {percent(alerting)} of the alerts and {percent(share)} of the rows"


def _numbers(before: History, after: History, schema: FeatureSchema) -> str | None:
    learnt, new = (encode_history(history, schema) for history in (before, after))
    moved = [
        _moved(learnt[:, index], new[:, index]) if feature.kind == "number" else 0.0
        for index, feature in enumerate(schema.features)
    ]
    index = int(np.argmax(moved))
    if moved[index] < MOVED:
        return None
    name = schema.features[index].name
    medians = [
        float(pl.Series(history.frame[name]).cast(pl.Float64).fill_nan(None).median() or 0.0)  # type: ignore[arg-type]
        for history in (before, after)
    ]
    return f"{name} has shifted: its median was {number(medians[0])}, now {number(medians[1])}"


def _moved(before: Vector, after: Vector) -> float:
    before, after = before[~np.isnan(before)], after[~np.isnan(after)]
    if not len(before) or not len(after):
        return 0.0
    spread = float(before.std())
    distance = abs(float(np.median(after)) - float(np.median(before)))
    return distance / spread if spread > 0.0 else 0.0


def _nothing() -> str:
    return "no single feature explains this"
