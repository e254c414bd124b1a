"""Whether data suit a model that was fitted on other data."""

import hashlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.model.schema import Feature, FeatureSchema
from anomaly_app.errors import DataError
from training.checks.hour_coverage import shares_of_hours
from training.history import History
from training.holdout import hold_back

OFTEN = 0.01
"""Share of rows with values that training did not hold, at and above which a word is due."""

SELDOM_AT = 0.002
"""Share of training rows below which an hour of the day was hardly learnt: a twentieth of what an
hour has on average."""

MOST_NAMED = 3
"""Series that are named at most."""


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
    if history.entities is None and schema.needs_entities:
        raise DataError(
            f"the model judges each series on its own scale, and {history.source} does not say "
            "whose its rows are: name the column with --roles key=COLUMN"
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
    places = _fitted_places(history, training.held_back, manifest.random_state)
    if hashlib.sha256(matrix[places].tobytes()).hexdigest() == training.sha256:
        yield (
            f"the model was fitted on {training.rows:,} of these rows and calibrated on the "
            "others: it does worse on rows that it has not seen"
        )


def _fitted_places(history: History, held_back: int, random_state: int) -> npt.NDArray[np.intp]:
    places = np.arange(len(history))
    numbered = History(
        history.source,
        history.frame,
        entities=history.entities,
        ids=pl.Series(places),
        times=history.times,
    )
    # Half a row more, so that the share is rounded down to the number it came from.
    fitted_on, _ = hold_back(numbered, (held_back + 0.5) / len(history), random_state)
    return np.asarray(fitted_on.ids)


def _about_series(schema: FeatureSchema, history: History) -> Iterator[str]:
    if schema.scales is None or history.entities is None:
        return
    unknown = [entity for entity in history.entities if entity not in schema.scales.series]
    if unknown:
        names = list(dict.fromkeys(str(entity) for entity in unknown))
        more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
        yield (
            f"{len(unknown):,} rows ({len(unknown) / len(history):.0%}) are of series that "
            f"training did not hold ({', '.join(names[:MOST_NAMED])}{more}): they are judged on "
            "the scale of all series together"
        )


def _about_values(schema: FeatureSchema, matrix: Matrix) -> Iterator[str]:
    for feature, column in zip(schema.features, matrix.T, strict=True):
        if feature.kind == "category":
            yield from _about_categories(feature, column)
        if feature.kind == "hour_of_day":
            yield from _about_hours(feature, column)
        if feature.kind == "number" and (share := _out_of_range(feature, column)) >= OFTEN:
            yield f"{feature.name}: {share:.0%} of the rows are out of the range of training"
        if (share := float(np.isnan(column).mean())) >= max(2 * feature.missing_rate, OFTEN):
            yield (
                f"{feature.name}: missing in {share:.0%} of the rows, in training in "
                f"{feature.missing_rate:.0%}"
            )


def _about_categories(feature: Feature, column: Matrix) -> Iterator[str]:
    share = float(np.mean(column == feature.other_code))
    if feature.rare_values and share >= max(2 * feature.rare_rate, OFTEN):
        yield (
            f"{feature.name}: {share:.0%} of the rows hold a rare string or one that training did "
            f"not hold, in training {feature.rare_rate:.0%}"
        )
    if not feature.rare_values and share >= OFTEN:
        yield f"{feature.name}: {share:.0%} of the rows hold a string that training did not hold"


def _about_hours(feature: Feature, column: Matrix) -> Iterator[str]:
    if not feature.hours:
        return
    seldom = np.array(feature.hours) < SELDOM_AT
    share = float(shares_of_hours(column)[seldom].sum())
    learnt = float(np.array(feature.hours)[seldom].sum())
    if share >= max(2 * learnt, OFTEN):
        yield (
            f"{feature.name}: {share:.0%} of the rows are at hours at which training has "
            f"{learnt:.1%}; if these are the same hours, see that the time zone is the same"
        )


def _out_of_range(feature: Feature, column: Matrix) -> float:
    return float(np.mean((column < feature.low) | (column > feature.high)))
