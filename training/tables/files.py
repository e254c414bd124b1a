"""A file, or a folder of files, as one table with typed columns."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from anomaly_app.core.column_names import may_be_label
from anomaly_app.core.errors import DataError
from anomaly_app.core.roles import Roles
from training.tables.arff import read_arff
from training.tables.cells import Read, read_cells
from training.tables.columnar import PANDAS_INDEX, read_columnar
from training.tables.contents import read_content
from training.tables.decimals import decimals_of
from training.tables.delimited import read_delimited
from training.tables.header import INDEX
from training.tables.json_rows import is_json, read_json
from training.tables.layout import layout_of
from training.tables.sentinels import about_sentinels, without
from training.tables.table import Table, Where
from training.tables.text import read_text

SURE = (
    ".csv",
    ".tsv",
    ".psv",
    ".parquet",
    ".pq",
    ".npz",
    ".jsonl",
    ".ndjson",
    ".feather",
    ".arff",
    ".arrow",
)
LIKELY = (".txt", ".dat", ".data", ".tab", ".json")
"""Endings of the files of a folder that are read: those of the first kind, or, where there are
none, of the second; or, where there are none either, all that hold a table. A file that is named
itself may have any."""

NOTES = re.compile(r"(read|about|licen|notice|change|todo|makefile|dockerfile)", re.IGNORECASE)
"""What names of files begin with that are about the others."""

NO_DATA = re.compile(
    r"\.(md|rst|adoc|html?|xml|ya?ml|toml|ini|cfg|py|ipynb|r|sh|sql|js|c|h|java|go|rs|zip|names|bak)$",
    re.IGNORECASE,
)
"""Endings of files that hold no table although they may look like one."""

INDEXES = (INDEX, "Unnamed: 0", PANDAS_INDEX)
"""Names of columns that pandas and R add to count the rows."""

PACKED = (".gz", ".zst", ".bz2", ".xz")


def stem(file: Path) -> str:
    """Name the series of a file."""
    return file.name.split(".")[0]


def files_of(path: Path) -> list[Path]:
    """List the files to be read, by their names.

    Raises
    ------
    DataError
        There is no such file or folder, or the folder holds none that can be a table.
    """
    if not path.is_dir():
        if not path.exists():
            raise DataError(f"there is no file {path}")
        return [path]
    inside = sorted(one for one in path.iterdir() if not one.name.startswith("."))
    files = [one for one in inside if one.is_file()]
    if found := [one for one in files if _ending(one) in SURE]:
        return found
    files = [one for one in files if not NOTES.match(one.name) and not NO_DATA.search(one.name)]
    if found := [one for one in files if _ending(one) in LIKELY]:
        return found
    if found := [one for one in files if _holds_table(one)]:
        return found
    folders = [f"{one.name}/" for one in inside if one.is_dir()]
    further = f": give one of its folders ({', '.join(folders[:8])})" if folders else ""
    raise DataError(
        f"{path} holds no CSV, JSON lines, Parquet or npz file, and no other that is a table"
        f"{further}"
    )


def _holds_table(file: Path) -> bool:
    """Tell whether a file without a known ending holds a table."""
    try:
        content = read_content(file)
        if content.kind != "text":
            return True
        text = read_text(file, content)
        return is_json(text) or read_arff(text) is not None or layout_of(text, ()).width > 1
    except DataError:
        return False


def read_tables(files: Sequence[Path], roles: Roles) -> list[Table]:
    """Read files as they are: the cells of texts are texts.

    Parameters
    ----------
    files
        At least one.
    roles
        Say the names of the columns where there is no header.

    Raises
    ------
    DataError
        A file cannot be read as a table.
    """
    return [_read(file, roles) for file in files]


def without_row_numbers(tables: Sequence[Table], named: Collection[str]) -> list[Table]:
    """Leave out an index that only counts each file's rows.

    Parameters
    ----------
    tables
        Of the files.
    named
        Columns that the user named: these stay.
    """
    for index in INDEXES:
        if index not in named and all(_counts_rows(table.frame, index) for table in tables):
            line = f"{index} only counts the rows: it was left out"
            tables = [
                replace(
                    table, frame=table.frame.drop(index), warnings=(*_others(table, index), line)
                )
                for table in tables
            ]
    return list(tables)


def _counts_rows(frame: pl.DataFrame, index: str) -> bool:
    if index not in frame.columns or frame.width == 1:
        return False
    numbers = frame[index].cast(pl.Int64, strict=False)
    if numbers.null_count() or numbers[0] not in {0, 1}:
        return False
    return bool((numbers == pl.int_range(len(frame), eager=True) + int(numbers[0])).all())


def _others(table: Table, index: str) -> list[str]:
    """Leave out the warning that the column has no name."""
    return [line for line in table.warnings if f"called {index!r}" not in line]


def typed(table: Table, roles: Roles, *, verbatim: Collection[str] = ()) -> Table:
    """Read the cells of a table; the texts are let go on the way.

    Parameters
    ----------
    table
        With columns of texts.
    roles
        Say the decimal mark.
    verbatim
        Columns whose texts are kept.

    Raises
    ------
    DataError
        A column has decimal points and decimal commas.
    """
    decimals = decimals_of(table, roles.decimal)
    kept = {*verbatim, *table.said_texts}
    whole = {*verbatim, *(roles.field_of(name) for name in roles.categories)}
    waiting = table.frame.get_columns()
    where, bare = table.where, replace(table, frame=pl.DataFrame())
    del table
    columns: list[pl.Series] = []
    warnings: dict[str, tuple[str, ...]] = {}
    waiting.reverse()
    while waiting:
        column = waiting.pop()
        read = Read(column)
        if column.dtype == pl.String and column.name not in kept:
            read = read_cells(column, decimals, where, none_is_text=may_be_label(column.name))
        elif column.dtype.is_float():
            read = _finite(column, where)
        del column
        name = read.column.name
        if read.column.dtype.is_numeric() and name not in whole and not may_be_label(name):
            read = _with_sentinels(read, roles.missing)
        columns.append(read.column)
        if read.warnings:
            warnings[read.column.name] = read.warnings
    return replace(bare, frame=pl.DataFrame(columns), of_columns=warnings)


def _with_sentinels(read: Read, missing: tuple[float, ...]) -> Read:
    """Take numbers that were said to stand for a missing value as such, and warn of others."""
    column = without(read.column, missing)
    return Read(column, (*read.warnings, *about_sentinels(column)))


def _finite(column: pl.Series, where: Where) -> Read:
    endless = column.is_infinite().fill_null(value=False)
    if not endless.any():
        return Read(column)
    line = (
        f"{column.name}: {int(endless.sum()):,} of {len(column):,} values are infinite and count "
        f"as missing, such as in {where(int(endless.arg_true()[0]))}"
    )
    return Read(column.set(endless, None), (line,))


def _ending(file: Path) -> str:
    name = file.name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    return Path(name).suffix


def _read(file: Path, roles: Roles) -> Table:
    content = read_content(file)
    if content.kind != "text":
        table = read_columnar(file, content)
    else:
        text = read_text(file, content)
        if is_json(text):
            table = read_json(text)
        elif (arff := read_arff(text)) is not None:
            table = read_delimited(*arff)
        else:
            table = read_delimited(text, roles.header)
    if len(table.frame) == 0:
        raise DataError(f"{file.name} has no rows")
    return table
