"""A table as it was read, and where its rows stand in the files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TypeAlias

import polars as pl

from anomaly_app.errors import DataError

Where: TypeAlias = Callable[[int], str]
"""From the place of a row in a table to words such as ``row 17``, as an editor counts lines."""


def row_of(place: int) -> str:
    """Name a row of a file that has no lines: the first is row 1."""
    return f"row {place + 1}"


@dataclass(frozen=True)
class Table:
    """Columns of a file, or of the files of a folder.

    Parameters
    ----------
    name
        Of the file or folder.
    frame
        Columns of cells that are not read yet are texts.
    where
        See `Where`.
    separator
        Between the cells, where the file is a text.
    said_texts
        Columns that the file itself calls categories: their cells are no numbers.
    warnings
        What was odd about the file, one line each.
    of_columns
        What was odd about the cells of a column, by its name.
    parts
        Name and rows of each file, in the order of the rows.
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
    """Put the tables of a folder's files below one another.

    Parameters
    ----------
    name
        Of the folder.
    tables
        At least one.

    Raises
    ------
    DataError
        Files have other columns than the first one.
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

    def where(place: int) -> str:
        index = next(i for i, end in enumerate(ends) if place < end)
        start = ends[index - 1] if index else 0
        return f"{tables[index].where(place - start)} of {tables[index].name}"

    try:
        frame = pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        # One file's numbers are another's texts: all are read again, as texts.
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
            *([f"it has {_listed(has)} besides"] if has else []),
        ]
        raise DataError(
            f"{other.name} has other columns than {first.name}: {' and '.join(differences)}; "
            "give the files of a folder the same columns, or take the file out of it"
        )


def _listed(columns: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(column) for column in columns[:most])
    return shown if len(columns) <= most else f"{shown} and {len(columns) - most} more"
