"""Check whether data fit a model that was trained on other data."""

import hashlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.wording import percent
from anomaly_app.errors import DataError
from training.checks.hour_coverage import shares_of_hours
from training.history import History
from training.holdout import hold_back

OFTEN = 0.01
"""Share of rows with values unknown in training from which to warn."""

SELDOM_AT = 0.002
"""Share of training rows below which an hour of the day is rare: a twentieth of the average."""

MAX_NAMED = 3
"""Maximum number of series to list."""


def require_columns(history: History, schema: FeatureSchema) -> None:
    """Check that data have the columns that a model needs.

    Raises
    ------
    DataError
        The column of a feature, the times or the key are missing.
    """
    columns = history.frame.columns
    for feature in schema.wire_features:
        if feature.name not in columns:
            raise DataError(
                f"the model needs a column {feature.name!r}, and the features of "
                f"{history.source} are {', '.join(columns)}: rename the column, or map it with "
                f"--roles {feature.name}=COLUMN"
            )
    if history.times is None and schema.needs_times:
        uses = "the hour of the day" if schema.memory is None else "a memory of each entity"
        raise DataError(
            f"the model uses {uses}, and {history.source} has no times: set --roles time=COLUMN"
        )
    if history.entities is None and schema.needs_entities:
        does = (
            "judges each series on its own scale"
            if schema.memory is None
            else "remembers each entity"
        )
        raise DataError(
            f"the model {does}, and {history.source} has no key: set --roles key=COLUMN"
        )


def data_warnings(manifest: Manifest, history: History, matrix: Matrix) -> tuple[str, ...]:
    """Warn if data differ from a model's training data, or include them.

    Parameters
    ----------
    manifest
        Manifest of the model.
    history
        The data.
    matrix
        The data, encoded by the model's schema; shape ``(rows, features)``.

    Returns
    -------
    tuple of str
        One line each.
    """
    schema = manifest.schema
    return (
        *_about_rows(manifest, history, matrix),
        *_about_series(schema, history),
        *_about_values(schema, schema.unscaled(matrix, history.entities)),
    )


def _about_rows(manifest: Manifest, history: History, matrix: Matrix) -> Iterator[str]:
    training = manifest.training
    if len(history) != training.rows + training.held_back:
        return
    rows = _fitted_rows(history, training.held_back, manifest.random_state)
    if hashlib.sha256(matrix[rows].tobytes()).hexdigest() == training.sha256:
        yield (
            f"the model was fitted on {training.rows:,} of these rows and calibrated on the "
            "others: expect worse results on new rows"
        )


def _fitted_rows(history: History, held_back: int, random_state: int) -> npt.NDArray[np.intp]:
    rows = np.arange(len(history))
    numbered = History(
        history.source,
        history.frame,
        entities=history.entities,
        ids=pl.Series(rows),
        times=history.times,
    )
    # Half a row more, so that rounding down gives the same number of rows.
    fitted_on, _ = hold_back(numbered, (held_back + 0.5) / len(history), random_state)
    return np.asarray(fitted_on.ids)


def _about_series(schema: FeatureSchema, history: History) -> Iterator[str]:
    if schema.scales is None or history.entities is None:
        return
    unknown = [entity for entity in history.entities if entity not in schema.scales.series]
    if unknown:
        names = list(dict.fromkeys(str(entity) for entity in unknown))
        more = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
        yield (
            f"{len(unknown):,} rows ({percent(len(unknown) / len(history))}) are of series unknown "
            f"in training ({', '.join(names[:MAX_NAMED])}{more}): they are judged on the common "
            "scale"
        )


def _about_values(schema: FeatureSchema, matrix: Matrix) -> Iterator[str]:
    for feature, column in zip(schema.features, matrix.T, strict=True):
        if feature.kind == "category":
            yield from _about_categories(feature, column)
        if feature.kind == "hour_of_day":
            yield from _about_hours(feature, column)
        if feature.kind == "number" and (share := _out_of_range(feature, column)) >= OFTEN:
            yield f"{feature.name}: {percent(share)} of the rows are outside the training range"
        if (share := float(np.isnan(column).mean())) >= max(2 * feature.missing_rate, OFTEN):
            yield (
                f"{feature.name}: missing in {percent(share)} of the rows, in training in "
                f"{percent(feature.missing_rate)}"
            )


def _about_categories(feature: Feature, column: Vector) -> Iterator[str]:
    share = float(np.mean(column == feature.other_code))
    if feature.rare_values and share >= max(2 * feature.rare_rate, OFTEN):
        yield (
            f"{feature.name}: {percent(share)} of the rows have a rare or unknown string, in "
            f"training {percent(feature.rare_rate)}"
        )
    if not feature.rare_values and share >= OFTEN:
        yield f"{feature.name}: {percent(share)} of the rows have a string unknown in training"


def _about_hours(feature: Feature, column: Vector) -> Iterator[str]:
    if not feature.hours:
        return
    seldom = np.array(feature.hours) < SELDOM_AT
    share = float(shares_of_hours(column)[seldom].sum())
    learnt = float(np.array(feature.hours)[seldom].sum())
    if share >= max(2 * learnt, OFTEN):
        yield (
            f"{feature.name}: {percent(share)} of the rows are at hours with {percent(learnt)} of "
            "the training rows; check that both have the same time zone"
        )


def _out_of_range(feature: Feature, column: Vector) -> float:
    return float(np.mean((column < feature.low) | (column > feature.high)))
