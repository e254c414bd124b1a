"""Whether data suit a model that was fitted on other data."""

import hashlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.errors import DataError
from anomaly_app.core.manifest import Manifest
from anomaly_app.core.schema import UNKNOWN_CATEGORY, Feature, FeatureSchema, Matrix
from training.fit import hold_back
from training.history import History

OFTEN = 0.01
"""Share of rows with values that training did not hold, at and above which a word is due."""


def require_columns(history: History, schema: FeatureSchema) -> None:
    """See that data have what a model needs.

    Raises
    ------
    DataError
        A feature's column is missing, or the times that a feature is derived from.
    """
    columns = history.frame.columns
    for feature in schema.wire_features:
        if feature.name not in columns:
            raise DataError(
                f"the model needs a column {feature.name!r}, and the features of "
                f"{history.source} are {', '.join(columns)}: rename it, or name its part with "
                "--roles"
            )
    if history.times is None and any(f.kind == "hour_of_day" for f in schema.features):
        raise DataError(
            f"the model uses the hour of the day, and {history.source} has no times: name their "
            "column with --roles time=COLUMN"
        )


def data_warnings(manifest: Manifest, history: History, matrix: Matrix) -> tuple[str, ...]:
    """Warn of data that differ from a model's training data, or are the very same.

    Parameters
    ----------
    manifest
        Of the model.
    history
        The data.
    matrix
        The same, encoded by the model's schema; shape ``(rows, features)``.

    Returns
    -------
    tuple of str
        One line for each thing.
    """
    return (*_about_rows(manifest, history, matrix), *_about_values(manifest.schema, matrix))


def _about_rows(manifest: Manifest, history: History, matrix: Matrix) -> Iterator[str]:
    training = manifest.training
    if len(history) != training.rows + training.held_back:
        return
    places = _fitted_places(history, training.held_back, manifest.random_state)
    if hashlib.sha256(matrix[places].tobytes()).hexdigest() == training.sha256:
        yield (
            f"the model was fitted on {training.rows:,} of these rows and calibrated on the "
            "others: it does worse on rows that it has not seen"
        )


def _fitted_places(history: History, held_back: int, random_state: int) -> npt.NDArray[np.intp]:
    places = np.arange(len(history))
    numbered = History(history.source, history.frame, ids=pl.Series(places), times=history.times)
    # Half a row more, so that the share is rounded down to the number it came from.
    fitted_on, _ = hold_back(numbered, (held_back + 0.5) / len(history), random_state)
    return np.asarray(fitted_on.ids)


def _about_values(schema: FeatureSchema, matrix: Matrix) -> Iterator[str]:
    for feature, column in zip(schema.features, matrix.T, strict=True):
        if feature.kind == "category" and (share := np.mean(column == UNKNOWN_CATEGORY)) >= OFTEN:
            yield f"{feature.name}: {share:.0%} of the rows hold a text that training did not hold"
        if feature.kind == "number" and (share := _out_of_range(feature, column)) >= OFTEN:
            yield f"{feature.name}: {share:.0%} of the rows are out of the range of training"
        if (share := float(np.isnan(column).mean())) >= max(2 * feature.missing_rate, OFTEN):
            yield (
                f"{feature.name}: missing in {share:.0%} of the rows, in training in "
                f"{feature.missing_rate:.0%}"
            )


def _out_of_range(feature: Feature, column: Matrix) -> float:
    return float(np.mean((column < feature.low) | (column > feature.high)))
