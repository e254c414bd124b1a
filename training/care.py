"""What is odd about the columns of a history, said before a model learns it."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from anomaly_app.core.schema import Feature, FeatureSchema
from training.history import History

LEAKS = 0.99
"""AUC of a single column against the labels at which it knows too much."""

COUNTS_UP = 0.999
"""Correlation with the row's place at which a number is a counter or a clock."""

MOSTLY = 0.5
"""Share of missing values, or of repeated rows, that is worth a word."""

LEAST_ROWS = 20
"""Rows below which a correlation says nothing."""


def column_warnings(
    history: History, schema: FeatureSchema, left_out: dict[str, str]
) -> tuple[str, ...]:
    """Warn of columns that will mislead a model.

    Parameters
    ----------
    history
        The rows that the detector is fitted on, in time order where there are times.
    schema
        What was inferred from them.
    left_out
        Columns that are no features, with the reason.

    Returns
    -------
    tuple of str
        One line for each: columns that were left out (constant, duplicated, identifiers, neither
        number nor text), columns that leak the label, that only count up, or that are mostly
        missing; and repeated rows.
    """
    return (
        *(f"{column} was left out: {reason}" for column, reason in left_out.items()),
        *_about_features(history, schema),
        *_about_rows(history),
    )


def _about_features(history: History, schema: FeatureSchema) -> Iterator[str]:
    for feature in schema.wire_features:
        column = history.frame[feature.name]
        if feature.missing_rate > MOSTLY:
            yield f"{feature.name} is missing in {feature.missing_rate:.0%} of the rows"
        if (auc := _auc_alone(column, feature, history)) >= LEAKS:
            yield (
                f"{feature.name} may leak the label: alone it tells anomalies apart with an AUC of "
                f"{auc:.3f}; if it is known only afterwards, leave it out with --roles features=…"
            )
        if feature.kind == "number" and _counts_up(column):
            yield (
                f"{feature.name} only counts up: every new transaction will be out of its range; "
                "leave it out with --roles features=…"
            )


def _about_rows(history: History) -> Iterator[str]:
    repeated = 1.0 - history.frame.n_unique() / len(history)
    if repeated > MOSTLY:
        yield f"{repeated:.0%} of the rows are repeated: distances to the nearest ones will be 0"


def _auc_alone(column: pl.Series, feature: Feature, history: History) -> float:
    labels = history.labels
    if labels is None or labels.all() or not labels.any():
        return 0.0
    if feature.kind == "category":
        halves = np.arange(len(labels)) % 2 == 0
        return max(_auc_of_rates(column, labels, learn) for learn in (halves, ~halves))
    numbers = column.cast(pl.Float64).fill_nan(None).fill_null(feature.expected).to_numpy()
    auc = float(roc_auc_score(labels, numbers))
    return max(auc, 1.0 - auc)


def _auc_of_rates(column: pl.Series, labels: np.ndarray, learn: np.ndarray) -> float:
    """AUC, in one half of the rows, of each category's share of anomalies in the other half."""
    frame = pl.DataFrame({"category": column, "label": labels, "learn": learn})
    rates = frame.filter("learn").group_by("category").agg(pl.col("label").mean().alias("rate"))
    judged = frame.filter(~pl.col("learn")).join(rates, on="category", how="left", nulls_equal=True)
    truth = judged["label"].to_numpy()
    if truth.all() or not truth.any():
        return 0.0
    return float(roc_auc_score(truth, judged["rate"].fill_null(0.0).to_numpy()))


def _counts_up(column: pl.Series) -> bool:
    numbers = column.cast(pl.Float64).fill_nan(None).drop_nulls()
    if len(numbers) < LEAST_ROWS or numbers.n_unique() < len(numbers) * MOSTLY:
        return False
    places = np.arange(len(numbers))
    return float(abs(np.corrcoef(places, numbers.rank().to_numpy())[0, 1])) >= COUNTS_UP
