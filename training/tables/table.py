"""Tables read from files, and the positions of their rows in the files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TypeAlias

import polars as pl

from anomaly_app.errors import DataError

Where: TypeAlias = Callable[[int], str]
"""Maps the index of a row to its name in the file, such as ``row 17``, counting lines."""


def row_of(index: int) -> str:
    """Return the name of a row in a file without lines; the first is row 1."""
    return f"row {index + 1}"


@dataclass(frozen=True)
class Table:
    """The columns of a file, or of the files of a folder.

    Parameters
    ----------
    name
        Name of the file or folder.
    frame
        Columns; strings if their cells have not been read yet.
    where
        See `Where`.
    separator
        Separator of the cells, for text files.
    said_texts
        Columns that are categories in the file itself.
    warnings
        Warnings about the file, one line each.
    of_columns
        Warnings about the cells of each column.
    parts
        Name and number of rows of each file, in order.
    """

    name: str
    frame: pl.DataFrame
    where: Where = row_of
    separator: str | None = None
    said_texts: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    of_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: tuple[tuple[str, int], ...] = ()


def stacked(name: str, tables: Sequence[Table]) -> Table:
    """Concatenate the tables of the files of a folder.

    Parameters
    ----------
    name
        Name of the folder.
    tables
        At least one.

    Raises
    ------
    DataError
        Files have different columns.
    """
    first = tables[0]
    parts = tuple((table.name, len(table.frame)) for table in tables)
    if len(tables) == 1:
        return replace(first, name=name, parts=parts)
    columns = first.frame.columns
    for table in tables:
        _compare(first, table)
    frames = [table.frame.select(columns) for table in tables]
    ends = list(accumulate(len(frame) for frame in frames))

    def where(index: int) -> str:
        file = next(i for i, end in enumerate(ends) if index < end)
        start = ends[file - 1] if file else 0
        return f"{tables[file].where(index - start)} of {tables[file].name}"

    try:
        frame = pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        # Types differ between files: read all columns as strings.
        texts = [one.select(pl.all().cast(pl.String, strict=False)) for one in frames]
        frame = pl.concat(texts, how="vertical")
    return Table(
        name=name,
        frame=frame,
        where=where,
        separator=first.separator,
        said_texts=frozenset().union(*(table.said_texts for table in tables)),
        warnings=tuple(f"{table.name}: {line}" for table in tables for line in table.warnings),
        parts=parts,
    )


def _compare(first: Table, other: Table) -> None:
    lacks = [column for column in first.frame.columns if column not in other.frame.columns]
    has = [column for column in other.frame.columns if column not in first.frame.columns]
    if lacks or has:
        differences = [
            *([f"it lacks {_listed(lacks)}"] if lacks else []),
            *([f"it also has {_listed(has)}"] if has else []),
        ]
        raise DataError(
            f"{other.name} and {first.name} have different columns: {' and '.join(differences)}; "
            "give all files the same columns, or remove the file from the folder"
        )


def _listed(columns: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(column) for column in columns[:most])
    return shown if len(columns) <= most else f"{shown} and {len(columns) - most} more"
