"""An artifact judged on data: scores, measures, and the worst incidents with their reasons."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.model.model import Model
from anomaly_app.errors import DataError
from training.checks.alert_share import alert_share_warning
from training.checks.compatibility import data_warnings, require_columns
from training.evaluation.blocks import blocks_of
from training.evaluation.incidents import MOST_INCIDENTS, Incident, find_incidents
from training.evaluation.intervals import Bootstrap, Interval, judge
from training.evaluation.measures import measure
from training.history import History
from training.schema import encode_history

CHUNK = 4_096
"""Rows between two updates of the progress bar."""


@dataclass(frozen=True)
class Evaluation:
    """How an artifact scores data.

    Parameters
    ----------
    manifest
        Of the artifact.
    history
        The data.
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    metrics
        See `training.evaluation.intervals.judge`.
    intervals
        How sure these are.
    incidents
        The most anomalous ones, the worst first.
    alert_share
        That far more or fewer rows alert than was asked for; None where they do not.
    warnings
        How the data differ from what the model was fitted on.
    """

    manifest: Manifest
    history: History
    log_p: Matrix
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    incidents: list[Incident]
    alert_share: str | None
    warnings: tuple[str, ...]


def evaluate(
    model: Model,
    history: History,
    *,
    most: int = MOST_INCIDENTS,
    done: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Evaluate a model on data.

    Parameters
    ----------
    model
        The model.
    history
        Needs the columns of the model's features; any others are ignored.
    most
        How many of the most anomalous incidents to explain.
    done
        Called with the number of rows that were scored since the last call.

    Raises
    ------
    DataError
        A column that the model needs is missing, or does not hold what the model learnt.
    """
    require_columns(history, model.schema)
    try:
        matrix = encode_history(history, model.schema)
    except pl.exceptions.PolarsError as fault:
        raise DataError(
            f"{history.source} does not hold numbers where the model learnt numbers: {fault}"
        ) from None
    if np.isinf(matrix).any():
        raise DataError(f"{history.source} holds an infinite value: remove that row")
    log_p = np.concatenate(list(_scored(model, matrix, done)))
    rate = model.manifest.alert_rate
    metrics = measure(log_p, history.labels, rate, history.labelled)
    judged = judge(Bootstrap(blocks_of(history)), log_p, metrics, history, rate)
    alerts = int((log_p <= np.log(rate)).sum())
    return Evaluation(
        manifest=model.manifest,
        history=history,
        log_p=log_p,
        metrics=judged.metrics,
        intervals=judged.intervals,
        incidents=find_incidents(model, history, log_p, most=most),
        alert_share=alert_share_warning(rate, alerts, len(history)),
        warnings=(*history.warnings, *data_warnings(model.manifest, history, matrix)),
    )


def _scored(model: Model, matrix: Matrix, done: Callable[[int], None]) -> Iterator[Matrix]:
    for start in range(0, len(matrix), CHUNK):
        chunk = matrix[start : start + CHUNK]
        yield model.log_p_values(chunk)
        done(len(chunk))
