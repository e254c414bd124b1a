"""Infer which column has which role, from names and values."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.roles.column_names import plain_name, suggested
from anomaly_app.core.roles.roles import Roles
from training.columns.inferred_column import is_open
from training.columns.key_inference import infer_key
from training.columns.label_inference import infer_label
from training.columns.labels import is_understood
from training.columns.time_inference import infer_time
from training.columns.unused_labels import leave_out_labels
from training.tables.header import INDEX
from training.tables.time_zones import check_zone
from training.tables.times import AmbiguousTimeError, read_times

LOOKED_AT = 2_000
"""Number of rows, spread over the table, to check for times."""

READABLE = 0.5
"""Minimum share of values that are times in a column of times."""

UNIQUE = 0.95
"""Share of different values at which a column may be an id; below, it may be a key."""

FEW_ROWS = 100
"""Number of rows below which the values of a key need not repeat."""


class Fits:
    """Checks whether the values of a column fit a role; see `Roles.infer`.

    Parameters
    ----------
    frame
        The table.
    roles
        They have the time zone and the time format.
    """

    def __init__(self, frame: pl.DataFrame, roles: Roles) -> None:
        self._frame = frame
        self._roles = roles

    def __call__(self, role: str, column: str) -> bool:
        """Return whether a column fits a role."""
        values = self._frame[column]
        if values.null_count() == len(values):
            return False
        if role == "time":
            return self._is_time(values)
        if role == "label":
            return is_understood(values)
        repeats = self._different(values)
        if role == "id":
            return repeats >= UNIQUE
        return _names_things(values) and (repeats < UNIQUE or len(values) < FEW_ROWS)

    def _is_time(self, values: pl.Series) -> bool:
        indices = np.unique(np.linspace(0, len(values) - 1, LOOKED_AT).astype(int))
        some = values.gather(indices).drop_nulls()
        try:
            times = read_times(some, zone=self._roles.timezone, time_format=self._roles.time_format)
        except AmbiguousTimeError:
            return True
        if times.readable < READABLE:
            return False
        # Small numbers that do not increase are durations or measurements.
        numbers = values.cast(pl.Float64, strict=False).drop_nulls().to_numpy()
        return not times.own_clock or bool(np.all(np.diff(numbers) >= 0.0))

    def _different(self, values: pl.Series) -> float:
        present = values.drop_nulls()
        return present.n_unique() / max(len(present), 1)


def _names_things(values: pl.Series) -> bool:
    if values.dtype.is_float():
        return bool((values == values.round()).all())
    return values.dtype == pl.String or values.dtype.is_integer() or values.dtype == pl.Boolean


class InferredRoles(NamedTuple):
    """The roles of the columns of a table."""

    roles: Roles
    lines: list[str]
    """One for each decision that the user may want to change."""
    no_features: frozenset[str] = frozenset()
    """Columns that have no role and are not features: further times and labels."""


def infer_roles(frame: pl.DataFrame, said: Roles, *, by_values: bool = True) -> InferredRoles:
    """Infer the open roles.

    Parameters
    ----------
    frame
        The table.
    said
        The roles that the user set.
    by_values
        Whether to infer roles from words in names and from values as well; otherwise only from
        known column names.
    """
    check_zone(said.timezone)
    fits = Fits(frame, said)
    columns = frame.columns
    roles = said.infer(columns, fits)
    lines: list[str] = []
    if (
        is_open(roles, "time")
        and INDEX in columns
        and frame[INDEX].dtype == pl.String
        and fits("time", INDEX)
    ):
        roles = replace(roles, time=INDEX)
    roles, about_ids = _repeated_id(frame, roles, fits)
    lines += about_ids
    no_features: list[str] = []
    if by_values:
        roles, found, no_features = _by_values(frame, roles)
        lines += found
    if is_open(roles, "time"):
        lines += _no_times(frame, roles, {*no_features})
    lines += _no_names(roles, columns)
    roles, about_labels = leave_out_labels(frame, roles)
    return InferredRoles(roles, [*lines, *about_labels], frozenset(no_features))


def _named(roles: Roles) -> set[str]:
    return {*roles.named_features, *roles.without}


def _repeated_id(frame: pl.DataFrame, roles: Roles, fits: Fits) -> tuple[Roles, list[str]]:
    """Use an id that repeats as the key; event ids that repeat are event types, and excluded."""
    if not (is_open(roles, "key") and is_open(roles, "id")):
        return roles, []
    named = _named(roles)
    found = [
        one
        for one in suggested("id", frame.columns)
        if one not in named and not plain_name(one).startswith("event") and fits("key", one)
    ]
    if not found or len(frame) < FEW_ROWS:
        return roles, []
    line = f"{found[0]} is used as the key, not as the id, because its values repeat"
    return replace(roles, key=found[0]), [line]


def _by_values(frame: pl.DataFrame, roles: Roles) -> tuple[Roles, list[str], list[str]]:
    """Infer roles from words in names, from patterns and from values."""

    def taken() -> set[str]:
        parts = {roles.key, roles.time, roles.id, roles.label_column(frame.columns)} - {None}
        return {*map(str, parts), *_named(roles)}

    labels = infer_label(frame, roles, taken())
    roles = replace(roles, label=labels.column or roles.label)
    key = infer_key(frame, roles, taken() | {*labels.others})
    roles = replace(roles, key=key.column or roles.key)
    times = infer_time(frame, roles, taken())
    roles = replace(roles, time=times.column or roles.time)
    lines = [*times.lines, *labels.lines, *key.lines]
    return roles, lines, [*labels.others, *times.others]


def _no_names(roles: Roles, columns: list[str]) -> Iterator[str]:
    unknown = [
        f"{role}={column}"
        for role, column in (("key", columns[0]), ("label", columns[-1]))
        if is_open(roles, role)
    ]
    if roles.header == () and unknown:
        yield f"the columns have no names: set their roles, such as {' '.join(unknown)}"


def _no_times(frame: pl.DataFrame, roles: Roles, told: set[str]) -> Iterator[str]:
    features = _named(roles)
    for column in suggested("time", frame.columns):
        values = frame[column].drop_nulls()
        if len(values) and column not in features | told:
            yield (
                f"{column} is not used as the time, because {str(values[0])[:40]!r} is not a known "
                f"time format; if it is a time, set time={column} and --time-format"
            )


def with_learnt(said: Roles, learnt: Roles, columns: list[str]) -> Roles:
    """Combine the roles of a model with those set now, as far as the columns exist.

    Parameters
    ----------
    said
        The roles set for this file; they take precedence.
    learnt
        The roles of the model's history.
    columns
        The columns of this file.
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
