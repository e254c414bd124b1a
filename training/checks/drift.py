"""What has changed between the rows that a model learnt from and later ones."""

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.wording import number, percent
from training.history import History
from training.schema import encode_history
from training.series import series_of

MOST_ALERTS = 0.5
"""Share of the alerts above which a series is named for them."""

MOVED = 1.0
"""Spreads that a number's median has moved before it is named."""

ADVICE = "fit on more recent history, or leave out what has changed (docs/detectors.md)"


def change_in_words(
    before: History, after: History, schema: FeatureSchema, alerts: npt.NDArray[np.bool_]
) -> str:
    """Say why alerts are not as many as they were.

    Parameters
    ----------
    before
        The rows that the detector learnt from.
    after
        Later rows.
    schema
        Of both.
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
    if alerting < MOST_ALERTS or alerting < 2 * share:
        return None
    return f"{percent(alerting)} of them are of {entity}, which has {percent(share)} of the rows"


def _numbers(before: History, after: History, schema: FeatureSchema) -> str | None:
    learnt, new = (encode_history(history, schema) for history in (before, after))
    moved = [
        _moved(learnt[:, place], new[:, place]) if feature.kind == "number" else 0.0
        for place, feature in enumerate(schema.features)
    ]
    place = int(np.argmax(moved))
    if moved[place] < MOVED:
        return None
    name = schema.features[place].name
    medians = [
        float(pl.Series(history.frame[name]).cast(pl.Float64).fill_nan(None).median() or 0.0)  # type: ignore[arg-type]
        for history in (before, after)
    ]
    return f"{name} has moved: its median was {number(medians[0])} and is {number(medians[1])}"


def _moved(before: Matrix, after: Matrix) -> float:
    before, after = before[~np.isnan(before)], after[~np.isnan(after)]
    if not len(before) or not len(after):
        return 0.0
    spread = float(before.std())
    distance = abs(float(np.median(after)) - float(np.median(before)))
    return distance / spread if spread > 0.0 else 0.0


def _nothing() -> str:
    return "no single feature explains it"
