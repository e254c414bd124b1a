"""What the model says beside an anomaly: its nearest ordinary transactions, and what would do."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.feature_values import row_of
from anomaly_app.core.model.model import Model
from anomaly_app.core.model.wording import feature_in_words, value_in_words

MOST_NEIGHBOURS = 5
MOST_FEATURES = 12
"""Rows of the table: those whose values differ most."""

TINY, LARGEST = 1e-9, 1e300


class Needed(NamedTuple):
    """A value that would have to be another one, in words."""

    feature: str
    value: str
    needed: str


class Beside(NamedTuple):
    """A feature of the anomaly, and its values in the nearest ordinary transactions."""

    feature: str
    value: str
    others: tuple[str, ...]
    is_odd: bool
    """Whether it is farther off than anything among the neighbours."""


class Ordinary(NamedTuple):
    """What the model says beside an anomaly."""

    changes: tuple[Needed, ...] | None
    """None if more would have to change than a reader follows."""
    is_ordinary: bool
    """Whether this model finds it ordinary as it is."""
    neighbours: tuple[Beside, ...]
    distances: tuple[float, ...]


def ordinary_beside(
    model: Model, values: Mapping[str, FeatureValue], entity: str | None
) -> Ordinary:
    """Compare an anomaly with what is ordinary.

    Parameters
    ----------
    model
        The one in use; another may have judged the anomaly.
    values
        Of all features, as in the anomaly's message.
    entity
        Whose transaction it is.
    """
    row = row_of(model.schema, values, entity)
    is_ordinary = bool(model.log_p_values(row[np.newaxis])[0] > model.log_alert_rate)
    changes = model.fewest_changes(row)
    said = None if changes is None else _in_words(model, row, changes, values, entity)
    near = model.neighbours(row, MOST_NEIGHBOURS)
    shown = model.schema.unscaled(np.vstack([row, near.rows]), [entity] * (len(near.rows) + 1))
    return Ordinary(said, is_ordinary, _table(model, shown, values), tuple(near.distances.tolist()))


def _in_words(
    model: Model,
    row: Vector,
    changes: Sequence[tuple[int, float]],
    values: Mapping[str, FeatureValue],
    entity: str | None,
) -> tuple[Needed, ...]:
    changed = row.copy()
    for column, value in changes:
        changed[column] = value
    plain = model.schema.unscaled(changed[np.newaxis], [entity])[0]
    return tuple(
        Needed(
            feature_in_words(feature.name),
            value_in_words(values.get(feature.name), feature.name),
            value_in_words(feature.value_of(float(plain[column])), feature.name),
        )
        for column, _ in changes
        for feature in [model.schema.features[column]]
    )


def _table(model: Model, shown: Matrix, values: Mapping[str, FeatureValue]) -> tuple[Beside, ...]:
    off = _off(model, shown)
    columns = np.argsort(-off, kind="stable")[:MOST_FEATURES]
    return tuple(
        Beside(
            feature_in_words(feature.name),
            value_in_words(values.get(feature.name), feature.name),
            tuple(
                value_in_words(feature.value_of(float(value)), feature.name)
                for value in shown[1:, column]
            ),
            bool(off[column] > 0.0),
        )
        for column in columns
        for feature in [model.schema.features[column]]
    )


def _off(model: Model, shown: Matrix) -> Vector:
    """Return how far the first row is out of the range of the others, in ranges."""
    row, others = shown[0], shown[1:]
    low = np.min(others, axis=0, where=~np.isnan(others), initial=np.inf)
    high = np.max(others, axis=0, where=~np.isnan(others), initial=-np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        width = np.where(high > low, high - low, np.maximum(np.abs(high), TINY))
        off = np.maximum(np.maximum(low - row, row - high) / width, 0.0)
    is_category = np.array([one.kind == "category" for one in model.schema.features])
    off = np.where(is_category, (row != others).all(axis=0).astype(float), off)
    found: Vector = np.nan_to_num(off, nan=0.0, posinf=LARGEST)
    return found
