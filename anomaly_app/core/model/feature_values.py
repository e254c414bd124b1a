"""From the feature values of an anomaly's message back to a row of the model's matrix."""

from collections.abc import Mapping

import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.model.feature import Feature, FeatureValue
from anomaly_app.core.model.schema import FeatureSchema


def row_of(schema: FeatureSchema, values: Mapping[str, FeatureValue], entity: str | None) -> Vector:
    """Return the row of the model's matrix that has these values, shape ``(features,)``.

    Parameters
    ----------
    schema
        The model's features; another model may have judged the values.
    values
        By feature name, as in an anomaly's message. What is not there, or is no number where one is
        expected, is missing.
    entity
        Whose they are; its scale is used if series are judged on their own scales.
    """
    row = np.array([_encoded(one, values.get(one.name)) for one in schema.features])
    scaled: Vector = schema.scaled(row[np.newaxis], [entity])[0]
    return scaled


def _encoded(feature: Feature, value: FeatureValue) -> float:
    if value is None:
        return np.nan
    if feature.kind == "category":
        return feature.codes.get(value, feature.other_code)
    if isinstance(value, str):
        return np.nan
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
