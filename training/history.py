"""Files of history as one table of transactions, in time order."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.errors import DataError, RecordRejected
from anomaly_app.core.roles import Roles
from anomaly_app.core.times import parse_time
from training.labels import read_labels, stem
from training.npz import read_arrays

SERIES = "series"
"""Column that a file's name becomes where no column tells whose the rows are."""

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]


@dataclass(frozen=True)
class History:
    """Transactions as a table.

    Parameters
    ----------
    source
        Name of the file or folder.
    frame
        The features only.
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
    """

    source: str
    frame: pl.DataFrame
    entities: list[str] | None = None
    ids: list[Any] | None = None
    times: npt.NDArray[np.float64] | None = None
    labels: npt.NDArray[np.bool_] | None = None
    labelled: npt.NDArray[np.bool_] | None = None
    roles: Roles = Roles()  # noqa: RUF009  # it is frozen
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: npt.NDArray[np.intp]) -> Self:
        """Select rows, in the given order."""
        order = rows.tolist()
        return type(self)(
            source=self.source,
            frame=self.frame[order],
            entities=[self.entities[i] for i in order] if self.entities is not None else None,
            ids=[self.ids[i] for i in order] if self.ids is not None else None,
            times=self.times[rows] if self.times is not None else None,
            labels=self.labels[rows] if self.labels is not None else None,
            labelled=self.labelled[rows] if self.labelled is not None else None,
            roles=self.roles,
            warnings=self.warnings,
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
        A CSV (also gzipped), Parquet or npz file, or a folder of such files.
    roles
        Parts of the columns; what they do not say is inferred from the columns' names.
    learnt
        Roles of a model that the history is for: they hold as far as it has such columns.

    Raises
    ------
    DataError
        The file is missing, unreadable or without rows, or lacks a column that was named.
    """
    files = sorted(_files(path))
    frames = [_read(file) for file in files]
    roles = roles or Roles()
    if learnt is not None:
        roles = _with_learnt(roles, learnt, frames[0].columns)
    roles = roles.infer(frames[0].columns)
    if roles.key is None and (len(files) > 1 or roles.time is not None):
        roles = roles.infer([*frames[0].columns, SERIES])
        frames = [
            frame.with_columns(pl.lit(stem(file)).alias(SERIES))
            for file, frame in zip(files, frames, strict=True)
        ]
    try:
        table = pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError as fault:
        raise DataError(f"the files of {path} do not have the same columns: {fault}") from None
    if len(table) == 0:
        raise DataError(f"{path} has no rows")
    return _arrange(path.name, table, roles)


def _with_learnt(said: Roles, learnt: Roles, columns: list[str]) -> Roles:
    gone = {part: None for part in ("key", "time", "id") if getattr(learnt, part) not in columns}
    if learnt.label_column(columns) not in columns:
        gone["label"] = None
    return replace(learnt, **gone).changed_by(said)


def _files(path: Path) -> Iterable[Path]:
    if path.is_dir():
        found = [f for f in path.iterdir() if f.suffix in {".csv", ".parquet", ".npz", ".gz"}]
        if not found:
            raise DataError(f"{path} holds no CSV, Parquet or npz file")
        return found
    if not path.exists():
        raise DataError(f"there is no file {path}")
    return [path]


def _read(file: Path) -> pl.DataFrame:
    try:
        if file.suffix == ".parquet":
            return pl.read_parquet(file)
        if file.suffix == ".npz":
            return _read_npz(file)
        return pl.read_csv(file, infer_schema_length=None, null_values=MISSING)
    except (pl.exceptions.PolarsError, OSError, ValueError, KeyError) as fault:
        reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise DataError(f"{file} cannot be read as a table: {reason}") from None


def _read_npz(file: Path) -> pl.DataFrame:
    arrays = read_arrays(file)
    matrix = np.asarray(arrays["X"], dtype=np.float64)
    frame = pl.DataFrame({f"f{i}": column for i, column in enumerate(matrix.T)})
    if "y" in arrays:
        frame = frame.with_columns(pl.Series("y", np.asarray(arrays["y"], dtype=np.int64)))
    return frame


def _arrange(source: str, table: pl.DataFrame, roles: Roles) -> History:
    features = roles.feature_columns(table.columns)
    if not features:
        raise DataError(f"{source} has no column left to be a feature")
    times = _times(table[roles.time]) if roles.time else None
    entities = table[roles.key].cast(pl.String).to_list() if roles.key else None
    history = History(
        source=source,
        frame=table.select(
            pl.col(name).cast(pl.String)
            if name in roles.categories or isinstance(table[name].dtype, pl.Categorical | pl.Enum)
            else pl.col(name)
            for name in features
        ),
        entities=entities,
        ids=table[roles.id].to_list() if roles.id else None,
        times=times,
        labels=read_labels(table, roles, entities, times),
        roles=roles,
    )
    return history if times is None else history.take(np.argsort(times, kind="stable"))


def _times(column: pl.Series) -> npt.NDArray[np.float64]:
    if column.dtype.is_temporal():
        column = column.dt.epoch("ms") / 1000.0
    try:
        return np.array([parse_time(value) for value in column.to_list()], dtype=np.float64)
    except RecordRejected as fault:
        raise DataError(f"column {column.name!r}: {fault}") from None
    except TypeError:
        raise DataError(f"column {column.name!r} lacks a time in some row") from None
