"""An artifact judged on data: scores, measures, and the most anomalous rows with their reasons."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.calibration import score_of
from anomaly_app.core.decide import Severity, severity_of
from anomaly_app.core.errors import DataError
from anomaly_app.core.explain import Reason
from anomaly_app.core.manifest import Manifest
from anomaly_app.core.model import Model
from anomaly_app.core.schema import Matrix
from training.data_check import data_warnings, require_columns
from training.history import History
from training.measures import measure
from training.schema import encode_history

CHUNK = 4_096
"""Rows between two words of progress."""

MOST_REASONS = 3

MOST_SUSPECTS = 20


class Suspect(NamedTuple):
    """One of the most anomalous rows."""

    entity: str | None
    time: float | None
    """Seconds since the epoch."""
    score: float
    p_value: float
    severity: Severity | None
    """None where the row would not alert."""
    label: bool | None
    reasons: list[Reason]


@dataclass(frozen=True)
class Evaluation:
    """What an artifact says of data.

    Parameters
    ----------
    manifest
        Of the artifact.
    history
        The data.
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    metrics
        See `training.measures.measure`.
    suspects
        The most anomalous rows, the worst first.
    warnings
        What is odd about the data, given what the model was fitted on.
    """

    manifest: Manifest
    history: History
    log_p: Matrix
    metrics: dict[str, float]
    suspects: list[Suspect]
    warnings: tuple[str, ...]


def evaluate(
    model: Model,
    history: History,
    *,
    most: int = MOST_SUSPECTS,
    done: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Judge an artifact on data.

    Parameters
    ----------
    model
        The artifact.
    history
        Needs the columns of the model's features; any others are ignored.
    most
        How many of the most anomalous rows to explain.
    done
        Is told how many more rows were scored.

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
        raise DataError(f"{history.source} holds an infinite value: leave that row out")
    log_p = np.concatenate(list(_scored(model, matrix, done)))
    return Evaluation(
        manifest=model.manifest,
        history=history,
        log_p=log_p,
        metrics=measure(log_p, history.labels, model.manifest.alert_rate, history.labelled),
        suspects=suspects(model, history, log_p, most=most),
        warnings=(*history.warnings, *data_warnings(model.manifest, history, matrix)),
    )


def _scored(model: Model, matrix: Matrix, done: Callable[[int], None]) -> Iterator[Matrix]:
    for start in range(0, len(matrix), CHUNK):
        chunk = matrix[start : start + CHUNK]
        yield model.log_p_values(chunk)
        done(len(chunk))


def suspects(model: Model, history: History, log_p: Matrix, *, most: int) -> list[Suspect]:
    """Explain the rows with the smallest p-values, the smallest first.

    Parameters
    ----------
    model
        Says why.
    history
        The rows.
    log_p
        Logarithms of their p-values, shape ``(rows,)``.
    most
        How many of them, at most.
    """
    places: npt.NDArray[np.intp] = np.argsort(log_p, kind="stable")[:most]
    worst = history.take(places)
    wire = [feature.name for feature in model.schema.wire_features]
    times = worst.times if worst.times is not None else np.zeros(len(worst))
    values = [
        model.schema.values(row, time)
        for row, time in zip(worst.frame.select(wire).rows(), times.tolist(), strict=True)
    ]
    matrix = encode_history(worst, model.schema)
    reasons = model.explain(
        matrix, log_p[places], values, most=MOST_REASONS, entities=worst.entities
    )
    return [
        _suspect(worst, i, float(np.exp(log_p[place])), model.manifest.alert_rate, reasons[i])
        for i, place in enumerate(places)
    ]


def _suspect(
    worst: History, place: int, p_value: float, alert_rate: float, reasons: list[Reason]
) -> Suspect:
    return Suspect(
        entity=worst.entities[place] if worst.entities is not None else None,
        time=float(worst.times[place]) if worst.times is not None else None,
        score=float(score_of(p_value)),
        p_value=p_value,
        severity=severity_of(p_value, alert_rate) if p_value <= alert_rate else None,
        label=worst.label_of(place),
        reasons=reasons,
    )
