"""Files of history as one table of transactions, in time order."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.errors import DataError
from anomaly_app.core.roles import Roles
from training.date_and_time import DateAndTime
from training.history_times import about_times, times_of
from training.labels import read_labels
from training.parts import resolved, with_learnt
from training.tables.files import files_of, read_tables, stem, typed, without_row_numbers
from training.tables.table import Table, stacked

SERIES = "series"
"""Column that a file's name becomes where no column tells whose the rows are."""


@dataclass(frozen=True)
class History:
    """Transactions as a table.

    Parameters
    ----------
    source
        Name of the file or folder.
    frame
        The features only, by their names.
    entities, ids
        Per row, or None.
    times
        Per row, seconds since the epoch, increasing; or None.
    labels
        Per row, whether it was an anomaly; or None.
    labelled
        Per row, whether anybody has said so; None: all rows with labels. Where it is false, the
        label is false as well and means nothing.
    roles
        By which the columns were read, as they were said or inferred.
    warnings
        What was odd about the files, one line each.
    whole
        How many rows there were before some were selected; None: these are all.
    """

    source: str
    frame: pl.DataFrame
    entities: pl.Series | None = None
    ids: pl.Series | None = None
    times: npt.NDArray[np.float64] | None = None
    labels: npt.NDArray[np.bool_] | None = None
    labelled: npt.NDArray[np.bool_] | None = None
    roles: Roles = Roles()  # noqa: RUF009  # it is frozen
    warnings: tuple[str, ...] = ()
    whole: int | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def label_of(self, row: int) -> bool | None:
        """Give the label of a row; None where nobody has labelled it."""
        if self.labels is None or (self.labelled is not None and not self.labelled[row]):
            return None
        return bool(self.labels[row])

    @property
    def has_both_labels(self) -> bool:
        """Whether some rows are labelled as anomalies and some as none."""
        known, _ = self.known_labels
        return known is not None and bool(known.any() and not known.all())

    @property
    def known_labels(self) -> tuple[npt.NDArray[np.bool_] | None, Any]:
        """The labels of the rows that have one, and what selects these rows from an array."""
        if self.labels is None or self.labelled is None:
            return self.labels, ...
        return self.labels[self.labelled], self.labelled

    def take(self, rows: npt.NDArray[np.intp]) -> Self:
        """Select rows, in the given order."""
        return type(self)(
            source=self.source,
            frame=self.frame[rows],
            entities=self.entities.gather(rows) if self.entities is not None else None,
            ids=self.ids.gather(rows) if self.ids is not None else None,
            times=self.times[rows] if self.times is not None else None,
            labels=self.labels[rows] if self.labels is not None else None,
            labelled=self.labelled[rows] if self.labelled is not None else None,
            roles=self.roles,
            warnings=self.warnings,
            whole=self.whole or len(self),
        )

    def split(self, share: float, *, each_entity: bool = False) -> tuple[Self, Self]:
        """Cut into a first part, of this share of the rows, and the rest.

        Parameters
        ----------
        share
            0 to 1.
        each_entity
            Cut the rows of each entity for itself: for series that were not recorded together.
        """
        place = np.arange(len(self))
        size = np.full(len(self), len(self))
        if each_entity and self.entities is not None:
            frame = pl.DataFrame({"entity": self.entities})
            place = frame.select(pl.int_range(pl.len()).over("entity")).to_series().to_numpy()
            size = frame.select(pl.len().over("entity")).to_series().to_numpy()
        first = place < np.floor(size * share)
        return self.take(np.flatnonzero(first)), self.take(np.flatnonzero(~first))


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
        said = replace(said, header=header, decimal=said.decimal or learnt.decimal)
    table = _read(path, said)
    frame, lines = DateAndTime(table.frame, said).join()
    if learnt is not None:
        said = with_learnt(said, learnt, frame.columns)
    roles, about_parts = resolved(frame, said)
    keyless = roles.key is None and "key" not in roles.absent and SERIES not in frame.columns
    if keyless and (len(table.parts) > 1 or roles.time is not None):
        # Rows of several files, or of one series, belong to the file's name.
        frame = frame.with_columns(_series(table.parts))
        roles = replace(roles, key=SERIES)
    return _arrange(path.name, table, frame, roles, [*lines, *about_parts])


def _read(path: Path, said: Roles) -> Table:
    label = said.label or ""
    kept = {name for name in (said.key, said.id, label, label.rpartition(":")[0]) if name}
    named = {*kept, said.time or "", *said.features, *said.categories, *said.renamed.values()}
    # No name is given to what was read, so that the texts are let go as they are typed.
    return typed(
        stacked(path.name, without_row_numbers(read_tables(files_of(path), said), named)),
        said,
        verbatim=kept,
    )


def _series(parts: tuple[tuple[str, int], ...]) -> pl.Series:
    return pl.concat(
        [pl.repeat(stem(Path(name)), rows, dtype=pl.String, eager=True) for name, rows in parts]
    ).alias(SERIES)


def _arrange(
    source: str, table: Table, frame: pl.DataFrame, roles: Roles, lines: list[str]
) -> History:
    features = roles.feature_columns(frame.columns)
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
