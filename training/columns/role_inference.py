"""Which columns of a table play which part, judged by their names and their values."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.roles.column_names import plain_name, suggested
from anomaly_app.core.roles.roles import Roles
from training.columns.key_inference import key_by_pattern
from training.columns.label_inference import label_by_words
from training.columns.labels import is_understood
from training.columns.time_inference import times_by_values
from training.columns.unused_labels import label_like
from training.tables.header import INDEX
from training.tables.time_zones import check_zone
from training.tables.times import AmbiguousTimeError, read_times

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


class Parts(NamedTuple):
    """What was decided of a table's columns."""

    roles: Roles
    lines: list[str]
    """One for each decision that somebody may want to change."""
    no_features: frozenset[str] = frozenset()
    """Columns without a part that are no features either: further times, and further labels."""


def resolved(frame: pl.DataFrame, said: Roles, *, by_values: bool = True) -> Parts:
    """Fill the parts that were not said, and say what was decided about odd columns.

    Parameters
    ----------
    frame
        The table.
    said
        What the user said.
    by_values
        Whether columns may be taken for parts that their whole name is not known for.
    """
    check_zone(said.timezone)
    fits = Fits(frame, said)
    columns = frame.columns
    roles = said.infer(columns, fits)
    lines: list[str] = []
    open_time = roles.time is None and "time" not in roles.absent
    if open_time and INDEX in columns and frame[INDEX].dtype == pl.String and fits("time", INDEX):
        roles = replace(roles, time=INDEX)
    roles, about_ids = _repeated_id(frame, roles, fits)
    lines += about_ids
    no_features: list[str] = []
    if by_values:
        roles, found, no_features = _by_values(frame, roles)
        lines += found
    if roles.time is None and "time" not in roles.absent:
        lines += _no_times(frame, roles, {*no_features})
    lines += _no_names(roles, columns)
    roles, about_labels = label_like(frame, roles)
    return Parts(roles, [*lines, *about_labels], frozenset(no_features))


def _named(roles: Roles) -> set[str]:
    return {*roles.named_features, *roles.without}


def _repeated_id(frame: pl.DataFrame, roles: Roles, fits: Fits) -> tuple[Roles, list[str]]:
    """Take an id that repeats for the key; that of an event then tells what kind it is."""
    if roles.key is not None or roles.id is not None or {"key", "id"} & {*roles.absent}:
        return roles, []
    named = _named(roles)
    found = [
        one
        for one in suggested("id", frame.columns)
        if one not in named and not plain_name(one).startswith("event") and fits("key", one)
    ]
    if not found or len(frame) < FEW_ROWS:
        return roles, []
    line = f"{found[0]} repeats: it was taken for the key, not for the id"
    return replace(roles, key=found[0]), [line]


def _by_values(frame: pl.DataFrame, roles: Roles) -> tuple[Roles, list[str], list[str]]:
    """Find the parts that no whole name tells: by words in names, patterns and values."""

    def taken() -> set[str]:
        parts = {roles.key, roles.time, roles.id, roles.label_column(frame.columns)} - {None}
        return {*map(str, parts), *_named(roles)}

    labels = label_by_words(frame, roles, taken())
    roles = replace(roles, label=labels.label or roles.label)
    key, about_key = key_by_pattern(frame, roles, taken() | {*labels.others})
    roles = replace(roles, key=key or roles.key)
    times = times_by_values(frame, roles, taken())
    roles = replace(roles, time=times.time or roles.time)
    lines = [*times.lines, *labels.lines, *about_key]
    return roles, lines, [*labels.others, *times.others]


def _no_names(roles: Roles, columns: list[str]) -> Iterator[str]:
    unknown = [
        f"{part}={column}"
        for part, column in (("key", columns[0]), ("label", columns[-1]))
        if getattr(roles, part) is None and part not in roles.absent
    ]
    if roles.header == () and unknown:
        yield f"the columns have no names: say what they are, such as {' '.join(unknown)}"


def _no_times(frame: pl.DataFrame, roles: Roles, told: set[str]) -> Iterator[str]:
    features = _named(roles)
    for column in suggested("time", frame.columns):
        values = frame[column].drop_nulls()
        if len(values) and column not in features | told:
            yield (
                f"{column} was not taken for the time: values such as {str(values[0])[:40]!r} are "
                f"no moments; if they are, say time={column} and --time-format"
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
