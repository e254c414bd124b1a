"""Which columns of a table play which part, judged by their names and their values."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.column_names import may_be_label, plain_name, suggested
from anomaly_app.core.roles import Roles
from training.labels import is_understood
from training.tables.header import INDEX
from training.tables.times import AmbiguousTimeError, read_times
from training.tables.zones import check_zone

LOOKED_AT = 2_000
"""Rows, spread over the table, that tell whether a column is one of times."""

READABLE = 0.5
"""Share of a column's values that are times, below which it is none of times."""

UNIQUE = 0.95
"""Share of different values from which on a column may be an id; below it may be a key."""

FEW_ROWS = 100
"""Rows below which a key need not repeat."""


class Fits:
    """Whether the values of a table's columns can play a part; see `Roles.infer`.

    Parameters
    ----------
    frame
        The table.
    roles
        Say the time zone and the format of times.
    """

    def __init__(self, frame: pl.DataFrame, roles: Roles) -> None:
        self._frame = frame
        self._roles = roles

    def __call__(self, part: str, column: str) -> bool:
        """Tell whether a column can play a part."""
        values = self._frame[column]
        if values.null_count() == len(values):
            return False
        if part == "time":
            return self._is_time(values)
        if part == "label":
            return is_understood(values)
        repeats = self._different(values)
        if part == "id":
            return repeats >= UNIQUE
        return _names_things(values) and (repeats < UNIQUE or len(values) < FEW_ROWS)

    def _is_time(self, values: pl.Series) -> bool:
        places = np.unique(np.linspace(0, len(values) - 1, LOOKED_AT).astype(int))
        some = values.gather(places).drop_nulls()
        try:
            times = read_times(some, zone=self._roles.timezone, time_format=self._roles.time_format)
        except AmbiguousTimeError:
            return True
        if times.readable < READABLE:
            return False
        # Small numbers that do not go up are a duration or a measurement.
        numbers = values.cast(pl.Float64, strict=False).drop_nulls().to_numpy()
        return not times.own_clock or bool(np.all(np.diff(numbers) >= 0.0))

    def _different(self, values: pl.Series) -> float:
        present = values.drop_nulls()
        return present.n_unique() / max(len(present), 1)


def _names_things(values: pl.Series) -> bool:
    if values.dtype.is_float():
        return bool((values == values.round()).all())
    return values.dtype == pl.String or values.dtype.is_integer() or values.dtype == pl.Boolean


def resolved(frame: pl.DataFrame, said: Roles) -> tuple[Roles, list[str]]:
    """Fill the parts that were not said, and say what was decided about odd columns.

    Parameters
    ----------
    frame
        The table.
    said
        What the user said.

    Returns
    -------
    tuple
        The roles, and one line for each column whose name suggests a part that it does not have.
    """
    check_zone(said.timezone)
    fits = Fits(frame, said)
    columns = frame.columns
    roles = said.infer(columns, fits)
    lines: list[str] = []
    if roles.time is None and "time" not in roles.absent:
        if INDEX in columns and frame[INDEX].dtype == pl.String and fits("time", INDEX):
            roles = replace(roles, time=INDEX)
        else:
            lines += _no_times(frame, roles)
    if roles.key is None and roles.id is None and not {"key", "id"} & {*roles.absent}:
        named = {*roles.features, *roles.categories, *roles.renamed.values()}
        found = [one for one in suggested("id", columns) if one not in named and fits("key", one)]
        if found and len(frame) >= FEW_ROWS:
            roles = replace(roles, key=found[0])
            lines.append(f"{found[0]} repeats: it was taken for the key, not for the id")
    roles, about_labels = _label_like(frame, roles)
    return roles, [*lines, *about_labels]


def _no_times(frame: pl.DataFrame, roles: Roles) -> Iterator[str]:
    features = {*roles.features, *roles.renamed.values()}
    for column in suggested("time", frame.columns):
        values = frame[column].drop_nulls()
        if len(values) and column not in features:
            yield (
                f"{column} was not taken for the time: values such as {str(values[0])[:40]!r} are "
                "no moments; if they are, say time=COLUMN and --time-format"
            )


def _label_like(frame: pl.DataFrame, roles: Roles) -> tuple[Roles, list[str]]:
    """Say what becomes of columns that may be labels and are not the label."""
    label = roles.label_column(frame.columns)
    parts = {roles.key, roles.time, roles.id, label}
    named = {*roles.features, *roles.categories, *roles.renamed.values()}
    others = [one for one in frame.columns if may_be_label(one) and one not in parts | named]
    if roles.features:
        return roles, []
    lines = []
    for column in others:
        if _is_coordinate(column, frame):
            # A name of its own for the column says that it is a feature.
            roles = replace(roles, renamed={**roles.renamed, column: column})
            lines.append(f"{column} is a feature: its values are no labels, and there is an x")
        elif roles.label is not None or "label" in roles.absent:
            lines.append(f"{column} may be a label and was left out; features= makes it a feature")
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
        return f"{column} may be a label, and has no value: it was left out"
    different = values.drop_nulls().n_unique()
    examples = ", ".join(repr(str(one)[:20]) for one in values.drop_nulls().unique().sort()[:4])
    return (
        f"{column} may be a label and was left out, since its values are not understood "
        f"({different:,} different ones, such as {examples}): name the one that means an anomaly "
        f"with label={column}:VALUE, or make it a feature with features="
    )


def with_learnt(said: Roles, learnt: Roles, columns: list[str]) -> Roles:
    """Take the roles that a model learnt as far as the columns are there, under those said now.

    Parameters
    ----------
    said
        For this file.
    learnt
        Of the model's own history.
    columns
        Of this file.
    """
    gone = {part: None for part in ("key", "time", "id") if getattr(learnt, part) not in columns}
    if learnt.label_column(columns) is None:
        gone["label"] = None
    renamed = {
        feature: field
        for feature, field in learnt.renamed.items()
        if field in columns or feature not in columns
    }
    return replace(learnt, **gone, renamed=renamed).changed_by(said)
