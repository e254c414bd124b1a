"""Evaluate a model on data: scores, metrics, and the worst incidents with reasons."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.model.model import Model
from anomaly_app.errors import DataError
from training.checks.alert_share import alert_share_warning
from training.checks.compatibility import data_warnings, require_columns
from training.encoding import encode_history
from training.evaluation.blocks import blocks_of
from training.evaluation.incidents import MAX_INCIDENTS, Incident, find_incidents
from training.evaluation.intervals import Bootstrap, Interval, judge
from training.history import History
from training.metrics import measure

CHUNK = 4_096
"""Number of rows between updates of the progress bar."""


@dataclass(frozen=True)
class Evaluation:
    """Evaluation of a model on data.

    Parameters
    ----------
    manifest
        Manifest of the model.
    history
        The data.
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    metrics
        See `training.evaluation.intervals.judge`.
    intervals
        Confidence intervals of the metrics.
    incidents
        The most anomalous incidents, worst first.
    alert_share
        A warning if far more or fewer rows alert than requested; None otherwise.
    warnings
        How the data differ from the training data.
    """

    manifest: Manifest
    history: History
    log_p: Vector
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    incidents: list[Incident]
    alert_share: str | None
    warnings: tuple[str, ...]


def evaluate(
    model: Model,
    history: History,
    *,
    past: History | None = None,
    most: int = MAX_INCIDENTS,
    done: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Evaluate a model on data.

    Parameters
    ----------
    model
        The model.
    history
        It has the columns of the model's features; others are ignored.
    past
        Earlier rows, which a model with a memory remembers first; they are not judged.
    most
        Maximum number of incidents to explain.
    done
        Called with the number of rows scored since the last call.

    Raises
    ------
    DataError
        A column that the model needs is missing, or has another type.
    """
    require_columns(history, model.schema)
    if model.schema.memory is not None:
        # Its compiled loop is not loaded where nothing is remembered.
        from training.memory.remember import remember  # noqa: PLC0415

        history = remember(history, model.schema.memory, past=past)
    try:
        matrix = encode_history(history, model.schema)
    except pl.exceptions.PolarsError as fault:
        raise DataError(
            f"a column of {history.source} has no numbers, unlike in training: {fault}"
        ) from None
    if np.isinf(matrix).any():
        raise DataError(f"{history.source} has an infinite value: remove the row")
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


def _scored(model: Model, matrix: Matrix, done: Callable[[int], None]) -> Iterator[Vector]:
    for start in range(0, len(matrix), CHUNK):
        chunk = matrix[start : start + CHUNK]
        yield model.log_p_values(chunk)
        done(len(chunk))
