"""Infer a feature schema from history."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.memory.spec import ENTITY
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.errors import DataError
from training.checks.hour_coverage import hour_feature
from training.checks.misleading_columns import Misleading
from training.columns.column_kinds import as_strings, is_category
from training.history import History
from training.tables.truncation import cut

MAX_CATEGORIES = 10_000
"""Maximum number of strings of a feature in the manifest; all rarer ones are one category."""

MAX_SHOWN = 40
"""Maximum length of a column's name in an error; it may be a whole line of a log."""


@dataclass(frozen=True)
class InferredSchema:
    """A schema, and the columns left out with the reasons."""

    schema: FeatureSchema
    left_out: dict[str, str]


def infer_schema(history: History) -> InferredSchema:
    """Infer the features of a table.

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
    misleading = Misleading(history)
    keys = () if history.memory is None else history.memory.keys
    remembered = {name for key in keys for name in key.columns}
    only_remembered = {*history.only_remembered} - {*history.roles.keep}
    for column in history.frame.iter_columns():
        if reason := _unusable(column):
            left_out[column.name] = reason
        elif column.name in only_remembered:
            left_out[column.name] = "only the memory reads it"
        elif column.name in remembered:
            features.append(replace(_number(column), kind="memory"))
        elif twin := _twin(column, seen):
            left_out[column.name] = f"it is the same as {twin}"
        elif reason := misleading.reason(column):
            left_out[column.name] = reason
        else:
            features.append(_category(column) if is_category(column) else _number(column))
    if not features:
        reasons = "; ".join(
            f"{cut(column, MAX_SHOWN)}: {reason}" for column, reason in left_out.items()
        )
        raise DataError(
            f"{history.source} has no usable feature ({reasons}); give a table with one "
            "transaction per row"
        )
    if hour := hour_feature(history):
        features.append(hour)
    schema = FeatureSchema(
        tuple(features),
        history.roles.timezone,
        memory=history.memory,
        inputs=_inputs(history, features),
    )
    return InferredSchema(schema, left_out)


def _inputs(history: History, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Return the fields that only the memory reads."""
    if history.memory is None:
        return ()
    read: dict[str, Feature] = {}
    for key in history.memory.keys:
        for one in key.parsed:
            read |= {name: Feature(name, "number") for name in one.numbers}
        texts = (key.field, *(one.text for one in key.parsed))
        read |= {name: Feature(name, "category") for name in texts if name is not None}
    if ENTITY not in history.frame.columns:
        read.pop(ENTITY, None)
    names = {feature.name for feature in features}
    return tuple(feature for name, feature in read.items() if name not in names)


def _unusable(column: pl.Series) -> str | None:
    if column.dtype == pl.Null:
        return "it is empty"
    if column.dtype != pl.String and not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        return f"it has {_kind(column)}, not numbers or strings"
    distinct = _without_nan(column).drop_nulls().n_unique()
    if distinct == 0:
        return "it is empty"
    if distinct == 1:
        return "it has only one value"
    return None


def _without_nan(column: pl.Series) -> pl.Series:
    return column.fill_nan(None) if column.dtype.is_float() else column


def _twin(column: pl.Series, seen: dict[int, list[pl.Series]]) -> str | None:
    """Return an earlier column with the same values, and remember this one."""
    alike = seen.setdefault(int(column.hash(seed=0).sum()), [])
    for other in alike:
        if column.dtype == other.dtype and column.equals(other, check_names=False):
            return other.name
    alike.append(column)
    return None


def _category(column: pl.Series) -> Feature:
    strings = as_strings(column).alias("value")
    counts = strings.drop_nulls().value_counts()
    ordered = counts.sort(["count", "value"], descending=[True, False])
    rare = ordered[MAX_CATEGORIES:]
    return Feature(
        column.name,
        "category",
        categories=tuple(ordered["value"][:MAX_CATEGORIES].to_list()),
        rare_values=len(rare),
        rare_rate=int(rare["count"].sum()) / len(column),
        missing_rate=strings.null_count() / len(column),
    )


def _number(column: pl.Series) -> Feature:
    numbers = column.cast(pl.Float64).fill_nan(None)
    present = numbers.drop_nulls().to_numpy()
    if not np.isfinite(present).all():
        raise DataError(f"column {column.name!r} has an infinite value")
    return Feature(
        column.name,
        "number",
        expected=float(np.median(present)),
        low=float(present.min()),
        high=float(present.max()),
        missing_rate=numbers.null_count() / len(numbers),
    )


def _kind(column: pl.Series) -> str:
    if column.dtype.is_temporal():
        return "times"
    return "lists" if isinstance(column.dtype, pl.List | pl.Array) else "binary data"
