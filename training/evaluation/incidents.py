"""The most anomalous rows, those of one incident together, with the reasons of the worst."""

from typing import NamedTuple

import numpy as np
import polars as pl

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.calibration import score_of
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.model import Model
from anomaly_app.core.scoring.severity import Severity, severity_of
from training.evaluation.blocks import Places, Series, series_of
from training.history import History, Labels
from training.schema import encode_history

MOST_INCIDENTS = 20

MOST_REASONS = 3

APART = 3
"""Rows of the same entity up to which two anomalous ones belong together."""

PAUSE = 10.0
"""Times the usual distance of an entity's rows, beyond which they do not."""


class Incident(NamedTuple):
    """Anomalous rows of one entity that follow each other; often a single row."""

    entity: str | None
    time: float | None
    """Of the worst row, in seconds since the epoch."""
    first: float | None
    last: float | None
    """Times of the first and the last row."""
    rows: int
    anomalies: int | None
    """How many of the rows are labelled as anomalies; None where nobody labelled any of them."""
    score: float
    """Of the worst row, as are all that follow."""
    p_value: float
    severity: Severity | None
    """None where the row would not alert."""
    reasons: list[Reason]


def find_incidents(
    model: Model, history: History, log_p: Matrix, *, most: int = MOST_INCIDENTS
) -> list[Incident]:
    """Explain the incidents with the smallest p-values, the smallest first.

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
    rate = model.manifest.alert_rate
    groups = group_rows(history, log_p <= _least_unusual(log_p, rate, most))
    lowest = np.minimum.reduceat(log_p[groups.rows], groups.starts)
    found = [groups.members(group) for group in np.argsort(lowest, kind="stable")[:most]]
    worst = np.array([rows[np.argmin(log_p[rows])] for rows in found], dtype=np.intp)
    reasons = _reasons(model, history, log_p, worst)
    return [
        _incident(history, rows, int(row), float(log_p[row]), rate, why)
        for rows, row, why in zip(found, worst, reasons, strict=True)
    ]


class Groups(NamedTuple):
    """Anomalous rows, one group after the other."""

    rows: Places
    """Places of the rows."""
    starts: Places
    """Where in `rows` each group begins."""

    def members(self, group: int) -> Places:
        """Give the places of a group's rows, in order."""
        ends = [*self.starts[1:], len(self.rows)]
        return np.sort(self.rows[self.starts[group] : ends[group]])


def group_rows(history: History, anomalous: Labels) -> Groups:
    """Put anomalous rows together that are of one incident.

    They are of the same entity, at most `APART` of its rows from one to the next, and at most
    `PAUSE` times as long as its rows usually are from each other. Without entities each row
    stands alone.

    Parameters
    ----------
    history
        All rows.
    anomalous
        Whether each row is, shape ``(rows,)``; one is at least.
    """
    if history.entities is None:
        rows = np.flatnonzero(anomalous)
        return Groups(rows, np.arange(len(rows)))
    series = series_of(history)
    found = np.flatnonzero(anomalous[series.order])
    rows, entity = series.order[found], np.cumsum(series.place == 0)[found]
    together = (entity[1:] == entity[:-1]) & (np.diff(series.place[found]) <= APART)
    if history.times is not None:
        pause = PAUSE * _usual_distance(history.times, series)[entity[1:]]
        together &= np.diff(history.times[rows]) <= pause
    return Groups(rows, np.concatenate([[0], np.flatnonzero(~together) + 1]))


def _usual_distance(times: Matrix, series: Series) -> Matrix:
    """Give the median time from one row to the next for each entity, counted from 1."""
    entity = np.cumsum(series.place == 0)
    apart = np.diff(times[series.order], prepend=np.nan)
    apart[series.place == 0] = np.nan
    gaps = pl.DataFrame({"entity": entity, "apart": apart}).with_columns(
        pl.col("apart").fill_nan(None)
    )
    medians = gaps.group_by("entity").agg(pl.col("apart").median()).sort("entity")["apart"]
    # Where most rows come at once there is no usual distance.
    usual = medians.fill_null(np.inf).to_numpy()
    return np.concatenate([[np.inf], np.where(usual > 0.0, usual, np.inf)])


def _least_unusual(log_p: Matrix, alert_rate: float, most: int) -> float:
    """Give the p-value, as a logarithm, up to which rows count: alerts, or the worst `most`."""
    worst = np.partition(log_p, min(most, len(log_p)) - 1)[min(most, len(log_p)) - 1]
    return max(float(worst), float(np.log(alert_rate)))


def _reasons(model: Model, history: History, log_p: Matrix, places: Places) -> list[list[Reason]]:
    worst = history.take(places)
    wire = [feature.name for feature in model.schema.wire_features]
    times = worst.times if worst.times is not None else np.zeros(len(worst))
    values = [
        model.schema.values(row, time)
        for row, time in zip(worst.frame.select(wire).rows(), times.tolist(), strict=True)
    ]
    matrix = encode_history(worst, model.schema)
    return model.explain(matrix, log_p[places], values, most=MOST_REASONS, entities=worst.entities)


def _incident(
    history: History, rows: Places, worst: int, log_p: float, alert_rate: float, why: list[Reason]
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


def _anomalies(history: History, rows: Places) -> int | None:
    if history.labels is None:
        return None
    if history.labelled is not None and not history.labelled[rows].any():
        return None
    return int(history.labels[rows].sum())
