"""Read files as tables with typed columns."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from anomaly_app.core.roles.column_names import may_be_label
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from training.tables.arff import read_arff
from training.tables.cells import Read, read_cells
from training.tables.columnar import PANDAS_INDEX, read_columnar
from training.tables.contents import read_content
from training.tables.decimals import decimals_of
from training.tables.delimited import read_delimited
from training.tables.header import INDEX
from training.tables.json_rows import is_json, read_json
from training.tables.sentinels import about_sentinels, without
from training.tables.table import Table, Where
from training.tables.text import read_text

INDEXES = (INDEX, "Unnamed: 0", PANDAS_INDEX)
"""Names of the row numbers that pandas and R add."""


def stem(file: Path) -> str:
    """Return the name of a file's series."""
    return file.name.split(".")[0]


def read_tables(files: Sequence[Path], roles: Roles) -> list[Table]:
    """Read files without types: cells of text files are strings.

    Parameters
    ----------
    files
        At least one.
    roles
        They have the column names for files without a header.

    Raises
    ------
    DataError
        A file is not a table.
    """
    return [_read(file, roles) for file in files]


def without_row_numbers(tables: Sequence[Table], named: Collection[str]) -> list[Table]:
    """Remove columns that only number the rows of each file.

    Parameters
    ----------
    tables
        The tables of the files.
    named
        Columns that the user named, which are kept.
    """
    for index in INDEXES:
        if index not in named and all(_counts_rows(table.frame, index) for table in tables):
            line = f"{index} only numbers the rows and was left out"
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
    """Return the warnings, without the one that the column has no name."""
    return [line for line in table.warnings if f"called {index!r}" not in line]


def typed(table: Table, roles: Roles, *, verbatim: Collection[str] = ()) -> Table:
    """Read the cells of a table, and free the strings on the way.

    Parameters
    ----------
    table
        With columns of strings.
    roles
        They have the decimal mark.
    verbatim
        Columns to keep as strings.

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
    """Replace sentinels that the user named by nulls, and warn about likely ones."""
    column = without(read.column, missing)
    return Read(column, (*read.warnings, *about_sentinels(column)))


def _finite(column: pl.Series, where: Where) -> Read:
    infinite = column.is_infinite().fill_null(value=False)
    if not infinite.any():
        return Read(column)
    line = (
        f"{column.name}: {int(infinite.sum()):,} of {len(column):,} values are infinite and count "
        f"as missing, such as in {where(int(infinite.arg_true()[0]))}"
    )
    return Read(column.set(infinite, None), (line,))


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
