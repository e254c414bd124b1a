"""Read files of history, or the records of a topic, as transactions in time order."""

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
"""Name of the key column that holds the file name, if no other column is the key."""


def read_history(path: Path, roles: Roles | None = None, *, learnt: Roles | None = None) -> History:
    """Read history.

    Parameters
    ----------
    path
        A file with one transaction per row, or a folder of such files; see docs/history.md.
    roles
        Roles of the columns; other roles are inferred from names and values.
    learnt
        Roles of a model; they apply as far as the file has such columns.

    Raises
    ------
    DataError
        The file is missing, unreadable or empty, or lacks a column that the user named.
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


def history_of(
    source: str,
    table: Table,
    said: Roles,
    *,
    learnt: Roles | None = None,
    places: pl.Series | None = None,
) -> History:
    """Assign roles to the columns of a table, and sort its rows by time.

    Parameters
    ----------
    source
        Name of the file, folder or topic.
    table
        One transaction per row, with typed cells.
    said
        Roles of the columns; other roles are inferred.
    learnt
        Roles of a model; they apply as far as the file has such columns.
    places
        See `History`.

    Raises
    ------
    DataError
        A column that the user named is missing or unusable, or there are no features.
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
        # The key is the file name for several files, or for a single series.
        frame = frame.with_columns(_series(table.parts))
        roles = replace(roles, key=SERIES)
    inferred = inferred._replace(roles=roles, lines=[*lines, *about_intervals, *inferred.lines])
    return _arrange(source, table, frame, inferred, places)


def _read(path: Path, said: Roles) -> Table:
    named = {*verbatim(said), said.time or "", *said.named_features, *said.without}
    # No other reference may exist, so that strings are freed as they are converted.
    return _typed(
        [stacked(path.name, without_row_numbers(read_tables(files_of(path), said), named))], said
    )


def _typed(read: list[Table], said: Roles) -> Table:
    labels = {one.name for one in read[0].frame.iter_columns() if has_dashes(one)}
    return typed(read.pop(), said, verbatim=verbatim(said) | labels)


def verbatim(said: Roles) -> set[str]:
    """Return the columns to keep as strings: keys, ids and labels."""
    label = said.label or ""
    return {name for name in (said.key, said.id, label, label.rpartition(":")[0]) if name}


def _series(parts: tuple[tuple[str, int], ...]) -> pl.Series:
    return pl.concat(
        [pl.repeat(stem(Path(name)), rows, dtype=pl.String, eager=True) for name, rows in parts]
    ).alias(SERIES)


def _arrange(
    source: str,
    table: Table,
    frame: pl.DataFrame,
    inferred: InferredRoles,
    places: pl.Series | None,
) -> History:
    roles, lines = inferred.roles, inferred.lines
    no_features = set() if roles.features else inferred.no_features
    features = [one for one in roles.feature_columns(frame.columns) if one not in no_features]
    if not features:
        raise DataError(
            f"{source} has no features: all its columns ({', '.join(frame.columns)}) have "
            "another role"
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
        places=places,
    )
    return _in_order(history)


def _in_order(history: History) -> History:
    """Sort by time, and leave out rows without one."""
    if history.times is None:
        return history
    order = np.argsort(history.times, kind="stable")
    order = order[: int(np.sum(~np.isnan(history.times)))]
    in_order = len(order) == len(history) and bool(np.all(order == np.arange(len(order))))
    return history if in_order else history.take(order)


def _as_text(column: pl.Series) -> pl.Series:
    """Convert to strings; whole numbers have no decimals: 311, not 311.0."""
    if column.dtype.is_float():
        whole = column.fill_nan(None).cast(pl.Int64, strict=False)
        column = whole if bool((whole == column.fill_nan(None)).all()) else column
    return column.cast(pl.String)
