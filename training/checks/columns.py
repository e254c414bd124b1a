"""Column checks: warnings about columns that would mislead a model."""

from collections.abc import Iterator

from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.wording import percent
from training.checks.hour_coverage import hour_warning
from training.checks.label_leakage import LEAKS, Labelled
from training.checks.misleading_columns import counts
from training.history import History

MOSTLY = 0.5
"""Share of missing values, or of repeated rows, above which to warn."""


def column_warnings(
    history: History, schema: FeatureSchema, left_out: dict[str, str]
) -> tuple[str, ...]:
    """Return warnings about columns that will mislead a model.

    Parameters
    ----------
    history
        The rows that the detector is fitted on, in time order where there are times.
    schema
        The schema inferred from them.
    left_out
        Columns that are not features, with the reasons.

    Returns
    -------
    tuple of str
        One line each: columns left out (constant, duplicated, identifiers, and so on), columns that
        leak the label, only count up or down, or are mostly missing, and repeated rows.
    """
    hour = hour_warning(history)
    return (
        *(f"{column} was left out: {reason}" for column, reason in left_out.items()),
        *([hour] if hour else []),
        *_about_features(history, schema),
        *_about_rows(history, schema),
    )


def _about_features(history: History, schema: FeatureSchema) -> Iterator[str]:
    labelled = Labelled(history)
    for feature in schema.wire_features:
        column = history.frame[feature.name]
        if feature.missing_rate > MOSTLY:
            yield f"{feature.name} is missing in {percent(feature.missing_rate)} of the rows"
        is_number = feature.kind == "number"
        judge = labelled.auc_of_number if is_number else labelled.auc_of_category
        if (auc := judge(column)) >= LEAKS:
            yield (
                f"{feature.name} may leak the label: on its own, it predicts the label with an AUC "
                f"of {auc:.3f}; if it is only known afterwards, leave it out with --roles "
                f"without={feature.name}"
            )
        if is_number and (direction := counts(column)):
            yield (
                f"{feature.name} only counts {direction}: every new transaction will be outside "
                f"its range; leave it out with --roles without={feature.name}"
            )


def _about_rows(history: History, schema: FeatureSchema) -> Iterator[str]:
    names = [feature.name for feature in schema.wire_features]
    repeated = 1.0 - history.frame.select(names).hash_rows().n_unique() / len(history)
    if repeated > MOSTLY:
        yield (
            f"{percent(repeated)} of the rows are duplicates: distances to nearest neighbours will "
            "be 0"
        )
