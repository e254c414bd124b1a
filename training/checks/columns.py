"""What is odd about the columns of a history, said before a model learns it."""

from collections.abc import Iterator

import polars as pl

from anomaly_app.core.model.schema import FeatureSchema
from training.checks.hour_coverage import hour_warning
from training.checks.label_leakage import LEAKS, Labelled
from training.checks.misleading_columns import counts
from training.history import History

MOSTLY = 0.5
"""Share of missing values, or of repeated rows, that is worth a word."""

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
        One line for each: columns that were left out (constant, duplicated, identifiers, and so
        on), numbers that were written as strings, columns that leak the label, that only count up
        or down, or that are mostly missing; and repeated rows.
    """
    hour = hour_warning(history)
    return (
        *(f"{column} was left out: {reason}" for column, reason in left_out.items()),
        *([hour] if hour else []),
        *_about_texts(history),
        *_about_features(history, schema),
        *_about_rows(history, schema),
    )


def _about_texts(history: History) -> Iterator[str]:
    for column in history.frame.iter_columns():
        if column.dtype == pl.String and (example := _number_as_text(column.drop_nulls())):
            yield (
                f"{column.name} looks like numbers written as strings: {example!r}; write them "
                "with a point for the decimals and without other separators"
            )


def _number_as_text(texts: pl.Series) -> str | None:
    """Give an example that only people read as a number, where all texts are numbers to them."""
    if not any(texts.str.contains(style).all() for style in (ENGLISH, CONTINENTAL)):
        return None
    unread = texts.filter(texts.cast(pl.Float64, strict=False).is_null())
    return unread[0] if len(unread) else None


def _about_features(history: History, schema: FeatureSchema) -> Iterator[str]:
    labelled = Labelled(history)
    for feature in schema.wire_features:
        column = history.frame[feature.name]
        if feature.missing_rate > MOSTLY:
            yield f"{feature.name} is missing in {feature.missing_rate:.0%} of the rows"
        is_number = feature.kind == "number"
        judge = labelled.auc_of_number if is_number else labelled.auc_of_category
        if (auc := judge(column)) >= LEAKS:
            yield (
                f"{feature.name} may leak the label: alone it tells anomalies apart with an AUC of "
                f"{auc:.3f}; if it is known only afterwards, leave it out with --roles "
                f"without={feature.name}"
            )
        if is_number and (direction := counts(column)):
            yield (
                f"{feature.name} only counts {direction}: every new transaction will be out of its "
                f"range; leave it out with --roles without={feature.name}"
            )


def _about_rows(history: History, schema: FeatureSchema) -> Iterator[str]:
    names = [feature.name for feature in schema.wire_features]
    repeated = 1.0 - history.frame.select(names).hash_rows().n_unique() / len(history)
    if repeated > MOSTLY:
        yield f"{repeated:.0%} of the rows are repeated: distances to the nearest ones will be 0"
