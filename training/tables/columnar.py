"""Read Parquet, Arrow and npz files as tables; nested columns are flattened."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import polars as pl

from anomaly_app.errors import DataError
from training.tables.contents import Content
from training.tables.npz import read_arrays
from training.tables.table import Table

PANDAS_INDEX = "__index_level_0__"
"""Name that pandas gives an unnamed index."""

MATRIX = 2

STANDARD_ERROR = 2

FAULTS = (
    *(pl.exceptions.PolarsError, pl.exceptions.PanicException, BadZipFile, zlib.error),
    *(OSError, ValueError, TypeError, EOFError),
)
"""Exceptions raised by broken files."""

KINDS = {"parquet": "Parquet", "arrow": "Arrow", "npz": "npz"}


def read_columnar(file: Path, content: Content) -> Table:
    """Read a Parquet, Arrow or npz file.

    Raises
    ------
    DataError
        The file is broken, or has no usable column.
    """
    try:
        if content.kind == "npz":
            return Table(file.name, _arrays(file))
    except FAULTS as fault:
        reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise DataError(f"cannot read {file} as a table: {reason}") from None
    try:
        source = BytesIO(content.data[:]) if content.packed else file
        with _silent_panics():
            if content.kind == "parquet":
                frame = pl.read_parquet(source, glob=False)
            else:
                frame = pl.read_ipc(source)
    except FAULTS:
        raise DataError(
            f"cannot read {file} as a table: it starts like {KINDS[content.kind]}, but is "
            "truncated, broken or uses an unknown compression; copy or write the file again"
        ) from None
    return _known(file.name, _flat(frame))


@contextmanager
def _silent_panics() -> Iterator[None]:
    """Keep polars from writing stack traces to standard error for broken files.

    It raises the error as well, and Python cannot stop it from writing.
    """
    try:
        kept = os.dup(STANDARD_ERROR)
    except OSError:
        yield
        return
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), STANDARD_ERROR)
        try:
            yield
        finally:
            os.dup2(kept, STANDARD_ERROR)
            os.close(kept)


def _arrays(file: Path) -> pl.DataFrame:
    arrays = read_arrays(file)
    if "X" not in arrays:
        raise ValueError(f"it has no array X, only {', '.join(arrays) or 'none'}")
    matrix = np.asarray(arrays["X"], dtype=np.float64)
    if matrix.ndim != MATRIX:
        raise ValueError(f"X has {matrix.ndim} dimensions; 2 are needed, one row per transaction")
    frame = pl.DataFrame({f"f{i}": column for i, column in enumerate(matrix.T)})
    if "y" in arrays:
        frame = frame.with_columns(pl.Series("y", _labels(np.asarray(arrays["y"]), len(matrix))))
    return frame


def _labels(array: np.ndarray, rows: int) -> np.ndarray:
    flat = array.reshape(-1)
    if len(flat) != rows:
        raise ValueError(f"y has {len(flat)} values and X {rows} rows")
    return flat.astype(np.int64) if flat.dtype.kind in "bif" else flat.astype(str)


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Replace nested columns by their fields, with dotted names."""
    while any(isinstance(dtype, pl.Struct) for dtype in frame.dtypes):
        columns: list[pl.Series] = []
        for column in frame.iter_columns():
            if isinstance(column.dtype, pl.Struct):
                fields = column.struct.unnest()
                columns += [one.alias(f"{column.name}.{one.name}") for one in fields.iter_columns()]
            else:
                columns.append(column)
        _check_names(columns)
        frame = pl.DataFrame(columns)
    return frame


def _check_names(columns: list[pl.Series]) -> None:
    names = [column.name for column in columns]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise DataError(f"nested columns repeat other names: {', '.join(sorted(repeated))}")


def _known(name: str, frame: pl.DataFrame) -> Table:
    kept: list[pl.Series] = []
    left_out: list[str] = []
    said_texts: set[str] = set()
    for column in frame.iter_columns():
        dtype = column.dtype
        if isinstance(dtype, pl.Categorical | pl.Enum):
            said_texts.add(column.name)
            kept.append(column.cast(pl.String))
        elif isinstance(dtype, pl.Decimal) or dtype in {pl.UInt64, pl.Int128}:
            kept.append(_number(column))
        elif isinstance(dtype, pl.Duration):
            kept.append(column.dt.total_microseconds() / 1e6)
        elif isinstance(dtype, pl.List | pl.Array | pl.Object) or dtype == pl.Binary:
            left_out.append(f"{column.name} ({_named(dtype)})")
        else:
            kept.append(column)
    if not kept:
        raise DataError(f"{name} has no column of numbers, strings or times")
    lines = [f"left out, neither numbers nor text: {', '.join(left_out)}"] if left_out else []
    return Table(name, pl.DataFrame(kept), said_texts=frozenset(said_texts), warnings=tuple(lines))


def _number(column: pl.Series) -> pl.Series:
    whole = not isinstance(column.dtype, pl.Decimal)
    largest = column.max()
    if whole and (largest is None or int(_any(largest)) < 2**63):
        return column.cast(pl.Int64)
    return column.cast(pl.Float64)


def _any(value: object) -> Any:
    return value


def _named(dtype: pl.DataType) -> str:
    return "bytes" if dtype == pl.Binary else "list"
