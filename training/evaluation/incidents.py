"""The most anomalous rows, grouped into incidents, with the reasons for the worst row."""

from typing import NamedTuple

import numpy as np
import polars as pl

from anomaly_app.core.arrays import Vector
from anomaly_app.core.calibration import score_of
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.model import Model
from anomaly_app.core.scoring.severity import Severity, severity_of
from training.encoding import encode_history
from training.evaluation.blocks import EntityOrder, Indices, order_by_entity
from training.history import History, Labels

MAX_INCIDENTS = 20

MAX_REASONS = 3

APART = 3
"""Maximum distance of two anomalous rows of an incident, in rows of the entity."""

PAUSE = 10.0
"""Maximum time between two rows of an incident, in usual intervals of the entity."""


class Incident(NamedTuple):
    """Consecutive anomalous rows of one entity, often a single row."""

    entity: str | None
    time: float | None
    """Time of the worst row, in seconds since the epoch."""
    first: float | None
    last: float | None
    """Times of the first and the last row."""
    rows: int
    anomalies: int | None
    """Number of rows labelled as anomalies; None if no row has a label."""
    score: float
    """Of the worst row, like all following fields."""
    p_value: float
    severity: Severity | None
    """None if the row would not alert."""
    reasons: list[Reason]


def find_incidents(
    model: Model, history: History, log_p: Vector, *, most: int = MAX_INCIDENTS
) -> list[Incident]:
    """Find and explain the incidents with the lowest p-values, lowest first.

    Parameters
    ----------
    model
        The model that scored the rows.
    history
        The rows.
    log_p
        Logarithms of their p-values, shape ``(rows,)``.
    most
        Maximum number of incidents.
    """
    rate = model.manifest.alert_rate
    groups = group_rows(history, log_p <= _least_unusual(log_p, rate, most))
    lowest = np.minimum.reduceat(log_p[groups.rows], groups.starts)
    found = [groups.members(group) for group in np.argsort(lowest, kind="stable")[:most]]
    worst = np.array([rows[np.argmin(log_p[rows])] for rows in found], dtype=np.intp)
    reasons = reasons_of(model, history, log_p, worst)
    return [
        _incident(history, rows, int(row), float(log_p[row]), rate, why)
        for rows, row, why in zip(found, worst, reasons, strict=True)
    ]


class Groups(NamedTuple):
    """Anomalous rows, group by group."""

    rows: Indices
    """Indices of the rows."""
    starts: Indices
    """Start of each group in `rows`."""

    def members(self, group: int) -> Indices:
        """Return the indices of a group's rows, in order."""
        ends = [*self.starts[1:], len(self.rows)]
        return np.sort(self.rows[self.starts[group] : ends[group]])


def group_rows(history: History, anomalous: Labels) -> Groups:
    """Group anomalous rows into incidents.

    Rows of an incident belong to one entity. From one to the next there are at most `APART` rows of
    the entity, and at most `PAUSE` usual intervals. Without a key, each row is an incident.

    Parameters
    ----------
    history
        All rows.
    anomalous
        Whether each row is anomalous, shape ``(rows,)``; at least one is.
    """
    if history.entities is None:
        rows = np.flatnonzero(anomalous)
        return Groups(rows, np.arange(len(rows)))
    ordered = order_by_entity(history)
    found = np.flatnonzero(anomalous[ordered.order])
    rows, entity = ordered.order[found], np.cumsum(ordered.position == 0)[found]
    together = (entity[1:] == entity[:-1]) & (np.diff(ordered.position[found]) <= APART)
    if history.times is not None:
        pause = PAUSE * _usual_distance(history.times, ordered)[entity[1:]]
        together &= np.diff(history.times[rows]) <= pause
    return Groups(rows, np.concatenate([[0], np.flatnonzero(~together) + 1]))


def _usual_distance(times: Vector, ordered: EntityOrder) -> Vector:
    """Return the median interval of each entity; entities are numbered from 1."""
    entity = np.cumsum(ordered.position == 0)
    apart = np.diff(times[ordered.order], prepend=np.nan)
    apart[ordered.position == 0] = np.nan
    gaps = pl.DataFrame({"entity": entity, "apart": apart}).with_columns(
        pl.col("apart").fill_nan(None)
    )
    medians = gaps.group_by("entity").agg(pl.col("apart").median()).sort("entity")["apart"]
    # If most rows of an entity have the same time, there is no usual interval.
    usual = medians.fill_null(np.inf).to_numpy()
    return np.concatenate([[np.inf], np.where(usual > 0.0, usual, np.inf)])


def _least_unusual(log_p: Vector, alert_rate: float, most: int) -> float:
    """Return the log p-value up to which rows count: alerts, or the worst `most`."""
    worst = np.partition(log_p, min(most, len(log_p)) - 1)[min(most, len(log_p)) - 1]
    return max(float(worst), float(np.log(alert_rate)))


def reasons_of(model: Model, history: History, log_p: Vector, rows: Indices) -> list[list[Reason]]:
    """Return why some rows are anomalous, each with its reasons, the strongest first.

    Parameters
    ----------
    model
        The model that scored the rows.
    history
        All rows.
    log_p
        Logarithms of their p-values, shape ``(rows,)``.
    rows
        Indices of the rows to explain.
    """
    worst = history.take(rows)
    wire = [feature.name for feature in model.schema.wire_features]
    times = worst.times if worst.times is not None else np.zeros(len(worst))
    matrix = encode_history(worst, model.schema)
    sent = worst.frame.select(wire).rows()
    values = [
        model.schema.values(*one)
        for one in zip(
            sent, times.tolist(), model.schema.unscaled(matrix, worst.entities), strict=True
        )
    ]
    return model.explain(matrix, log_p[rows], values, most=MAX_REASONS, entities=worst.entities)


def _incident(
    history: History, rows: Indices, worst: int, log_p: float, alert_rate: float, why: list[Reason]
) -> Incident:
    p_value, times = float(np.exp(log_p)), history.times
    return Incident(
        entity=history.entities[worst] if history.entities is not None else None,
        time=None if times is None else float(times[worst]),
        first=None if times is None else float(times[rows].min()),
        last=None if times is None else float(times[rows].max()),
        rows=len(rows),
        anomalies=_anomalies(history, rows),
        score=float(score_of(p_value)),
        p_value=p_value,
        severity=severity_of(p_value, alert_rate) if p_value <= alert_rate else None,
        reasons=why,
    )


def _anomalies(history: History, rows: Indices) -> int | None:
    if history.labels is None:
        return None
    if history.labelled is not None and not history.labelled[rows].any():
        return None
    return int(history.labels[rows].sum())
