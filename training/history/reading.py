"""Files of history, or records of a topic, as one table of transactions in time order."""

from pathlib import Path

import numpy as np
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from training.columns.date_and_time import JOINED, DateAndTime
from training.columns.labels import has_dashes, read_labels
from training.columns.role_inference import InferredRoles, infer_roles, with_learnt
from training.columns.time_intervals import interval_starts
from training.history.history import History
from training.history.times import about_times, times_of
from training.tables.files import read_tables, stem, typed, without_row_numbers
from training.tables.folder import files_of
from training.tables.table import Table, stacked

SERIES = "series"
"""Column that a file's name becomes where no column tells whose the rows are."""


def read_history(path: Path, roles: Roles | None = None, *, learnt: Roles | None = None) -> History:
    """Read history.

    Parameters
    ----------
    path
        A file with one transaction a row, or a folder of such files; see docs/history.md.
    roles
        Parts of the columns; what they do not say is inferred from the columns' names and values.
    learnt
        Roles of a model that the history is for: they hold as far as it has such columns.

    Raises
    ------
    DataError
        The file is missing, unreadable or without rows, or lacks a column that was named.
    """
    said = roles or Roles()
    if learnt is not None:
        header = learnt.header if said.header is None else said.header
        said = replace(
            said,
            header=header,
            decimal=said.decimal or learnt.decimal,
            missing=said.missing or learnt.missing,
        )
    return history_of(path.name, _read(path, said), said, learnt=learnt)


def history_of(source: str, table: Table, said: Roles, *, learnt: Roles | None = None) -> History:
    """Sort the columns of a table into their parts, and its rows by time.

    Parameters
    ----------
    source
        Its name.
    table
        One transaction a row, with typed cells.
    said
        Parts of the columns; what they do not say is inferred.
    learnt
        Roles of a model that the history is for: they hold as far as it has such columns.

    Raises
    ------
    DataError
        A column that was named is missing or unusable, or no column is left to be a feature.
    """
    frame, lines = table.frame, list[str]()
    if learnt is None or learnt.time == JOINED:
        frame, lines = DateAndTime(frame, said).join()
    if learnt is not None:
        said = with_learnt(said, learnt, frame.columns)
    frame, about_intervals = interval_starts(frame, said)
    inferred = infer_roles(frame, said)
    roles = inferred.roles
    keyless = roles.key is None and "key" not in roles.absent and SERIES not in frame.columns
    if keyless and (len(table.parts) > 1 or roles.time is not None):
        # Rows of several files, or of one series, belong to the file's name.
        frame = frame.with_columns(_series(table.parts))
        roles = replace(roles, key=SERIES)
    inferred = inferred._replace(roles=roles, lines=[*lines, *about_intervals, *inferred.lines])
    return _arrange(source, table, frame, inferred)


def _read(path: Path, said: Roles) -> Table:
    named = {*verbatim(said), said.time or "", *said.named_features, *said.without}
    # Nothing else may hold what was read, so that the texts are let go as they are typed.
    return _typed(
        [stacked(path.name, without_row_numbers(read_tables(files_of(path), said), named))], said
    )


def _typed(read: list[Table], said: Roles) -> Table:
    labels = {one.name for one in read[0].frame.iter_columns() if has_dashes(one)}
    return typed(read.pop(), said, verbatim=verbatim(said) | labels)


def verbatim(said: Roles) -> set[str]:
    """Name the columns whose cells are kept as they are written: keys, ids and labels."""
    label = said.label or ""
    return {name for name in (said.key, said.id, label, label.rpartition(":")[0]) if name}


def _series(parts: tuple[tuple[str, int], ...]) -> pl.Series:
    return pl.concat(
        [pl.repeat(stem(Path(name)), rows, dtype=pl.String, eager=True) for name, rows in parts]
    ).alias(SERIES)


def _arrange(source: str, table: Table, frame: pl.DataFrame, inferred: InferredRoles) -> History:
    roles, lines = inferred.roles, inferred.lines
    no_features = set() if roles.features else inferred.no_features
    features = [one for one in roles.feature_columns(frame.columns) if one not in no_features]
    if not features:
        raise DataError(
            f"{source} has no column left to be a feature: its columns are "
            f"{', '.join(frame.columns)}, and all have another part"
        )
    said_categories = {roles.field_of(name) for name in roles.categories}
    shown = {*features, roles.label_column(frame.columns) or ""}
    about_cells = [line for name in shown & {*table.of_columns} for line in table.of_columns[name]]
    times = None
    if roles.time is not None:
        read = times_of(frame[roles.time], roles, table)
        times = read.seconds
        lines = [*lines, *about_times(frame[roles.time], read, table)]
        roles = replace(roles, time_format=read.time_format)
    entities = _as_text(frame[roles.key]) if roles.key else None
    labels = read_labels(frame, roles, entities, times)
    history = History(
        source=source,
        frame=frame.select(
            (_as_text(frame[name]) if name in said_categories else frame[name]).alias(
                roles.feature_in(name)
            )
            for name in features
        ),
        entities=entities,
        ids=frame[roles.id] if roles.id else None,
        times=times,
        labels=labels.anomalous if labels is not None else None,
        labelled=labels.labelled if labels is not None else None,
        roles=roles,
        warnings=(
            *(*table.warnings, *sorted(about_cells), *lines),
            *(labels.warnings if labels is not None else ()),
        ),
    )
    return _in_order(history)


def _in_order(history: History) -> History:
    """Sort by time, and leave out the rows without one."""
    if history.times is None:
        return history
    order = np.argsort(history.times, kind="stable")
    order = order[: int(np.sum(~np.isnan(history.times)))]
    in_order = len(order) == len(history) and bool(np.all(order == np.arange(len(order))))
    return history if in_order else history.take(order)


def _as_text(column: pl.Series) -> pl.Series:
    """Write whole numbers without decimals: 311, not 311.0."""
    if column.dtype.is_float():
        whole = column.fill_nan(None).cast(pl.Int64, strict=False)
        column = whole if bool((whole == column.fill_nan(None)).all()) else column
    return column.cast(pl.String)
