"""Labelled transactions that only the store still has, with the features that the model saw.

A topic is kept for days, and a file has what was exported. What was answered long ago is learnt
all the same, from the features in the anomaly's message.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.model import Model
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.roles.roles import Roles
from training.encoding import encode_history
from training.history import History
from training.retraining.joining import Joined, verdicts_of
from training.retraining.learning import Lesson


class Kept(NamedTuple):
    """An anomaly as the store has it."""

    place: str
    """Its topic, partition and offset."""
    id: str | None
    """The transaction's own id."""
    entity: str | None
    time: float
    """Seconds since the epoch."""
    features: dict[str, FeatureValue]
    """As the model saw them."""


class KeptFrauds(NamedTuple):
    """Known frauds that are older than the data, and which model alerts on them."""

    number: int
    old: int
    new: int


def hides_values(roles: Roles) -> bool:
    """Whether messages of anomalies lack values that a model learns from, or have their hashes."""
    return bool(roles.masked or roles.hashed)


def kept_history(kept: Sequence[Kept], schema: FeatureSchema, history: History) -> History | None:
    """Return stored transactions that are older than a history, as rows like its own.

    Parameters
    ----------
    kept
        Stored transactions, in any order. Those without all features of the schema are left out:
        another model judged them, or a field is masked.
    schema
        Schema of the old model.
    history
        In time order, with times.

    Returns
    -------
    History or None
        In time order; None if there are none.
    """
    if history.times is None or not len(history):
        return None
    begin = float(history.times[0])
    names = [feature.name for feature in schema.features if feature.kind != "hour_of_day"]
    older = sorted(
        (one for one in kept if one.time < begin and {*names} <= one.features.keys()),
        key=lambda one: (one.time, one.place),
    )
    columns = {name: history.frame.schema[name] for name in names}
    rows = [one for one in older if all(_fits(one.features[n], t) for n, t in columns.items())]
    if not rows:
        return None
    frame = pl.DataFrame(
        {
            name: pl.Series([_plain(one.features[name], dtype) for one in rows], strict=False).cast(
                dtype, strict=False
            )
            for name, dtype in columns.items()
        }
    )
    return History(
        source=history.source,
        frame=frame,
        entities=pl.Series([one.entity for one in rows], dtype=pl.String),
        ids=pl.Series([one.id for one in rows], dtype=pl.String),
        times=np.array([one.time for one in rows]),
        roles=history.roles,
        memory=history.memory,
        only_remembered=history.only_remembered,
        places=pl.Series([one.place for one in rows], dtype=pl.String),
    )


def _fits(value: FeatureValue, dtype: Any) -> bool:
    """Whether a stored value can be one of the column: a masked number is a text."""
    return value is None or dtype == pl.String or not isinstance(value, str)


def _plain(value: FeatureValue, dtype: Any) -> FeatureValue:
    if value is None or dtype != pl.String or isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def with_kept(lesson: Lesson, kept: History, joined: Joined, as_of: float) -> Lesson:
    """Add stored transactions that were known to be expected to what is learnt.

    Parameters
    ----------
    lesson
        What is learnt of the history.
    kept
        See `kept_history`.
    joined
        What was said of its rows.
    as_of
        The cut, in seconds since the epoch.
    """
    expected = np.flatnonzero(verdicts_of(joined, len(kept), as_of).expected)
    if not len(expected):
        return lesson
    first, rest = kept.take(expected), lesson.history
    certain = np.zeros(len(rest), np.bool_) if rest.certain is None else rest.certain
    both = dataclasses.replace(
        rest,
        frame=pl.concat([first.frame, rest.frame], how="diagonal_relaxed").select(
            rest.frame.columns
        ),
        entities=_both(first.entities, rest.entities),
        ids=_both(first.ids, rest.ids),
        times=np.concatenate([first.times, rest.times]),
        places=_both(first.places, rest.places),
        certain=np.concatenate([np.ones(len(first), np.bool_), certain]),
    )
    return lesson._replace(history=both, certain=lesson.certain + len(expected), kept=len(expected))


def _both(first: pl.Series | None, rest: pl.Series | None) -> pl.Series | None:
    if first is None or rest is None:
        return None
    return pl.concat([first.cast(rest.dtype, strict=False), rest])


def kept_frauds(kept: History, joined: Joined, old: Model, new: Model) -> KeptFrauds | None:
    """Count which stored frauds the models alert on; None if there are none."""
    frauds = np.flatnonzero(verdicts_of(joined, len(kept), np.inf).fraud)
    if not len(frauds):
        return None
    rows = kept.take(frauds)
    found = [
        int((one.log_p_values(encode_history(rows, one.schema)) <= one.log_alert_rate).sum())
        for one in (old, new)
    ]
    return KeptFrauds(len(frauds), *found)
