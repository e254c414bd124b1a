"""What is odd about the columns of a history, said before a model learns it."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from anomaly_app.core.schema import Feature, FeatureSchema
from training.history import History

LEAKS = 0.99
"""AUC of a single column against the labels at which it knows too much."""

COUNTS = 0.999
"""Correlation with the row's place at which a number is a counter or a clock."""

MOSTLY = 0.5
"""Share of missing values, or of repeated rows, that is worth a word."""

LEAST_ROWS = 20
"""Rows below which a correlation says nothing."""

ENGLISH = r"^\s*[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?\s*$"
CONTINENTAL = r"^\s*[+-]?(\d{1,3}([. ]\d{3})+|\d+)(,\d+)?\s*$"
"""Numbers as people write them: ``1,234.5``, and ``1.234,5`` or ``3,5``."""


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
        number nor text), numbers that were written as text, columns that leak the label, that
        only count up or down, or that are mostly missing; and repeated rows.
    """
    return (
        *(f"{column} was left out: {reason}" for column, reason in left_out.items()),
        *_about_texts(history),
        *_about_features(history, schema),
        *_about_rows(history, schema),
    )


def _about_texts(history: History) -> Iterator[str]:
    for column in history.frame.iter_columns():
        if column.dtype == pl.String and (example := _number_as_text(column.drop_nulls())):
            yield (
                f"{column.name} looks like numbers written as text: {example!r}; write them with "
                "a point for the decimals and without other separators"
            )


def _number_as_text(texts: pl.Series) -> str | None:
    """Give an example that only people read as a number, where all texts are numbers to them."""
    if not any(texts.str.contains(style).all() for style in (ENGLISH, CONTINENTAL)):
        return None
    unread = texts.filter(texts.cast(pl.Float64, strict=False).is_null())
    return unread[0] if len(unread) else None


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
        if feature.kind == "number" and (direction := _counts(column)):
            yield (
                f"{feature.name} only counts {direction}: every new transaction will be out of its "
                "range; leave it out with --roles features=…"
            )


def _about_rows(history: History, schema: FeatureSchema) -> Iterator[str]:
    names = [feature.name for feature in schema.wire_features]
    repeated = 1.0 - history.frame.select(names).n_unique() / len(history)
    if repeated > MOSTLY:
        yield f"{repeated:.0%} of the rows are repeated: distances to the nearest ones will be 0"


def _auc_alone(column: pl.Series, feature: Feature, history: History) -> float:
    labels = history.labels
    if labels is None or not history.has_both_labels:
        return 0.0
    if history.labelled is not None:
        column, labels = column.filter(history.labelled), labels[history.labelled]
    if feature.kind == "category":
        # Every other anomaly and every other of the rest, whatever the order of the rows.
        halves = np.where(labels, np.cumsum(labels), np.cumsum(~labels)) % 2 == 0
        return max(_auc_of_rates(column, labels, learn) for learn in (halves, ~halves))
    numbers = column.cast(pl.Float64).fill_nan(None)
    # What is known of anomalies only gives them away by being there.
    told_by = numbers.fill_null(feature.expected), numbers.is_null()
    aucs = [float(roc_auc_score(labels, values.to_numpy())) for values in told_by]
    return max(*aucs, *(1.0 - auc for auc in aucs))


def _auc_of_rates(column: pl.Series, labels: np.ndarray, learn: np.ndarray) -> float:
    """AUC, in one half of the rows, of each category's share of anomalies in the other half."""
    frame = pl.DataFrame({"category": column, "label": labels, "learn": learn})
    rates = frame.filter("learn").group_by("category").agg(pl.col("label").mean().alias("rate"))
    judged = frame.filter(~pl.col("learn")).join(rates, on="category", how="left", nulls_equal=True)
    truth = judged["label"].to_numpy()
    if truth.all() or not truth.any():
        return 0.0
    return float(roc_auc_score(truth, judged["rate"].fill_null(0.0).to_numpy()))


def _counts(column: pl.Series) -> Literal["up", "down"] | None:
    numbers = column.cast(pl.Float64).fill_nan(None).drop_nulls()
    if len(numbers) < LEAST_ROWS or numbers.n_unique() < len(numbers) * MOSTLY:
        return None
    places = np.arange(len(numbers))
    correlation = float(np.corrcoef(places, numbers.rank().to_numpy())[0, 1])
    if abs(correlation) < COUNTS:
        return None
    return "up" if correlation > 0.0 else "down"
