"""Encode history by a feature schema."""

import numpy as np
import polars as pl

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.hours import hour_of_day
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from training.columns.column_kinds import as_strings
from training.history import History


def encode_history(history: History, schema: FeatureSchema) -> Matrix:
    """Encode a table like a worker encodes transactions; shape ``(rows, features)``."""
    matrix = np.empty((len(history), len(schema.features)))
    for index, feature in enumerate(schema.features):
        if feature.kind == "hour_of_day":
            times = history.times if history.times is not None else np.zeros(len(history))
            matrix[:, index] = hour_of_day(times, schema.timezone)
        elif feature.kind == "category":
            matrix[:, index] = _codes(history.frame[feature.name], feature)
        else:
            matrix[:, index] = history.frame[feature.name].cast(pl.Float64).to_numpy()
    return schema.scaled(matrix, history.entities)


def _codes(column: pl.Series, feature: Feature) -> Vector:
    strings = as_strings(column)
    codes = pl.Series(np.arange(len(feature.categories), dtype=np.float64))
    coded = strings.replace_strict(
        pl.Series(feature.categories, dtype=pl.String),
        codes,
        default=feature.other_code,
        return_dtype=pl.Float64,
    )
    return np.where(strings.is_null().to_numpy(), np.nan, coded.to_numpy())
