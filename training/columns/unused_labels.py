"""Columns whose names are those of labels, but which are not used as the label."""

import polars as pl
from msgspec.structs import replace

from anomaly_app.core.roles.column_names import may_be_label, plain_name
from anomaly_app.core.roles.roles import Roles
from training.columns.labels import is_understood


def leave_out_labels(frame: pl.DataFrame, roles: Roles) -> tuple[Roles, list[str]]:
    """Decide which of these columns are features, and tell the user."""
    label = roles.label_column(frame.columns)
    parts = {roles.key, roles.time, roles.id, label}
    named = {*roles.features, *roles.categories, *roles.renamed.values()}
    others = [one for one in frame.columns if may_be_label(one) and one not in parts | named]
    if roles.features:
        return roles, []
    lines = []
    for column in others:
        if _is_coordinate(column, frame):
            # Renaming a column to its own name makes it a feature.
            roles = replace(roles, renamed={**roles.renamed, column: column})
            lines.append(f"{column} is a feature: its values are not labels, and there is an x")
        elif roles.label is not None or "label" in roles.absent:
            lines.append(f"{column} may be a label and was left out; to keep it, set features=")
        else:
            lines.append(_not_understood(column, frame[column]))
    return roles, lines


def _is_coordinate(column: str, frame: pl.DataFrame) -> bool:
    names = {plain_name(one) for one in frame.columns}
    values = frame[column]
    return (
        plain_name(column) == "y"
        and "x" in names
        and values.dtype.is_numeric()
        and not is_understood(values)
    )


def _not_understood(column: str, values: pl.Series) -> str:
    if values.null_count() == len(values):
        return f"{column} may be a label, and was left out because it is empty"
    different = values.drop_nulls().n_unique()
    examples = ", ".join(repr(str(one)[:20]) for one in values.drop_nulls().unique().sort()[:4])
    return (
        f"{column} may be a label, and was left out because its {different:,} values are not known "
        f"label values ({examples}): set label={column}:VALUE to the value that marks anomalies, "
        "or keep it with features="
    )
