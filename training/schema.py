"""From a table to a feature schema, and from a table and a schema to the model's matrix."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from anomaly_app.core.errors import DataError
from anomaly_app.core.hours import hour_of_day
from anomaly_app.core.schema import Feature, FeatureSchema, Matrix
from training.history import History

MOST_CATEGORIES = 5_000
"""Distinct texts; a column with more is an identifier, not a category."""

REPEATED = 2.0
"""Rows for each distinct text at least; below, a column is an identifier."""

HOUR = "hour_of_day"


@dataclass(frozen=True)
class InferredSchema:
    """A schema, and the columns that were left out of it with the reason."""

    schema: FeatureSchema
    left_out: dict[str, str]


def infer_schema(history: History) -> InferredSchema:
    """Describe the features of a table.

    Parameters
    ----------
    history
        The rows that the detector will be fitted on.

    Raises
    ------
    DataError
        No column can be a feature.
    """
    features: list[Feature] = []
    left_out: dict[str, str] = {}
    seen: dict[int, list[pl.Series]] = {}
    for column in history.frame.iter_columns():
        if reason := _unusable(column):
            left_out[column.name] = reason
        elif twin := _twin(column, seen):
            left_out[column.name] = f"it is the same as {twin}"
        elif column.dtype == pl.String:
            features.append(_category(column))
        else:
            features.append(_number(column))
    if not features:
        raise DataError(f"{history.source} has no usable feature: {left_out}")
    if history.times is not None and HOUR not in history.frame.columns:
        hours = hour_of_day(history.times)
        if np.ptp(hours) > 0:
            features.append(
                Feature(HOUR, "hour_of_day", expected=float(np.median(hours)), high=24.0)
            )
    return InferredSchema(FeatureSchema(tuple(features)), left_out)


def encode_history(history: History, schema: FeatureSchema) -> Matrix:
    """Encode a table as the worker encodes decoded transactions, shape ``(rows, features)``."""
    columns = []
    for feature in schema.wire_features:
        column = history.frame[feature.name]
        columns.append(
            column.to_list()
            if feature.kind == "category"
            else column.cast(pl.Float64).fill_nan(None).to_list()
        )
    rows = list(zip(*columns, strict=True))
    times = history.times if history.times is not None else np.zeros(len(history))
    return schema.encode(rows, times)


def _unusable(column: pl.Series) -> str | None:
    if column.dtype == pl.Null:
        return "it has no value at all"
    if column.dtype != pl.String and not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        return f"{column.dtype} is neither number nor text"
    distinct = _without_nan(column).drop_nulls().n_unique()
    if distinct == 0:
        return "it has no value at all"
    if distinct == 1:
        return "it has one value only"
    if column.dtype == pl.String:
        filled = len(column) - column.null_count()
        if distinct > MOST_CATEGORIES or filled < REPEATED * distinct:
            return f"{distinct:,} different texts: an identifier"
    return None


def _without_nan(column: pl.Series) -> pl.Series:
    return column.fill_nan(None) if column.dtype.is_float() else column


def _twin(column: pl.Series, seen: dict[int, list[pl.Series]]) -> str | None:
    """Name an earlier column with the same values, and remember this one."""
    alike = seen.setdefault(int(column.hash(seed=0).sum()), [])
    for other in alike:
        if column.dtype == other.dtype and column.equals(other, check_names=False):
            return other.name
    alike.append(column)
    return None


def _category(column: pl.Series) -> Feature:
    counts = column.drop_nulls().value_counts(sort=True)
    ordered = counts.sort(["count", column.name], descending=[True, False])
    return Feature(
        column.name,
        "category",
        categories=tuple(ordered[column.name].to_list()),
        missing_rate=column.null_count() / len(column),
    )


def _number(column: pl.Series) -> Feature:
    numbers = column.cast(pl.Float64).fill_nan(None)
    present = numbers.drop_nulls().to_numpy()
    if not np.isfinite(present).all():
        raise DataError(f"column {column.name!r} holds an infinite value")
    return Feature(
        column.name,
        "number",
        expected=float(np.median(present)),
        low=float(present.min()),
        high=float(present.max()),
        missing_rate=numbers.null_count() / len(numbers),
    )
