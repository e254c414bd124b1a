"""The names of a text file's columns: from its first row, or said."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from anomaly_app.errors import DataError
from training.tables.missing import MISSING
from training.tables.numbers import are_values
from training.tables.truncation import cut

INDEX = "index"
"""Name of a first column that has none."""

LEAST_COUNTED = 3
"""Whole numbers, one more each, that may be names of columns."""

ROWS_BELOW = 20
"""Rows that the first one is compared with."""

MOST_SHOWN = 80
"""Characters of a row in an error."""


class Header(NamedTuple):
    """Names of columns.

    Parameters
    ----------
    names
        One for each cell of a row; two may be the same.
    in_file
        Whether they stand in the file.
    idle
        Empty cells at the end of each row that have no column.
    warnings
        One line each.
    """

    names: tuple[str, ...]
    in_file: bool
    idle: int = 0
    warnings: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    """As they stand in the file, one for each cell of a row; empty where they do not."""


def header_of(
    rows: Sequence[Sequence[str]], width: int, names: tuple[str, ...] | None, file: str, line: int
) -> Header:
    """Read the names of the columns.

    Parameters
    ----------
    rows
        The first ones, without what stands before the table; at least one.
    width
        Cells of most rows.
    names
        See `training.tables.layout.layout_of`.
    file, line
        Where the first row stands.

    Raises
    ------
    DataError
        There is no header and no names were said, or another number of names.
    """
    if names is not None:
        return _said(names, width, file)
    first, below = rows[0], rows[1:]
    if _is_values(first, below):
        shown = ",".join(first)
        raise DataError(
            f"{file} has no header: row {line} holds values ({_cut(shown)}); write the names of "
            f"the columns as its first line, or read it with --roles 'header=none' (the columns "
            f"are then column_1 to column_{width}) or 'header=NAME,NAME,…'"
        )
    cells = [cell.strip().strip("'").strip() for cell in first]
    idle = _idle(cells, below, width)
    width -= idle
    if len(cells) == width - 1:
        name = INDEX if INDEX not in cells else f"{INDEX}_"
        return Header(
            (name, *cells),
            in_file=True,
            idle=idle,
            warnings=(f"the first column has no name in the header: it is called {name!r}",),
        )
    if len(cells) > width and not any(cells[width:]):
        cells = cells[:width]
    if len(cells) != width:
        raise DataError(
            f"{file}, row {line}: the header has {len(cells)} names and the rows below it have "
            f"{width} cells; give each column one name"
        )
    return _named(cells, idle)._replace(cells=tuple(cells))


def _said(names: tuple[str, ...], width: int, file: str) -> Header:
    if names and len(names) != width:
        raise DataError(
            f"header= names {len(names)} columns, and the rows of {file} have {width} cells"
        )
    return Header(names or tuple(f"column_{i + 1}" for i in range(width)), in_file=False)


def _idle(cells: Sequence[str], below: Sequence[Sequence[str]], width: int) -> int:
    """Count the cells at the end of every row that have neither a name nor a value."""
    whole = [row for row in below if len(row) == width]
    idle = 0
    while whole and idle < width - 1:
        place = width - 1 - idle
        if any(row[place].strip() for row in whole) or (place < len(cells) and cells[place]):
            break
        idle += 1
    return idle


def _named(cells: Sequence[str], idle: int) -> Header:
    names, warnings = [], []
    for place, cell in enumerate(cells):
        name = cell
        if not cell or (place == 0 and cell.startswith("Unnamed: ")):
            name = INDEX if place == 0 and INDEX not in cells else f"column_{place + 1}"
            warnings.append(
                f"{'the first column' if place == 0 else f'column {place + 1}'} has no name: it "
                f"is called {name!r}"
            )
        names.append(name)
    return Header(tuple(names), in_file=True, idle=idle, warnings=tuple(warnings))


def _is_values(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row looks like those below it, and not like names."""
    if not below or (_counts_columns(first) and not _counts_columns(below[0])):
        return False
    places = [place for place, cell in enumerate(first) if cell.strip()]
    columns = [
        [row[place] for row in below[:ROWS_BELOW] if place < len(row) and row[place].strip()]
        for place in places
    ]
    of_first = are_values([first[place] for place in places])
    below_it = iter(are_values([cell for column in columns for cell in column]))
    shares = [(sum(next(below_it) for _ in column), len(column)) for column in columns]
    pairs = {
        (values, 2 * many > all_cells)
        for values, (many, all_cells) in zip(of_first, shares, strict=True)
        if all_cells
    }
    if (False, True) in pairs:
        return False
    return (True, True) in pairs or _recur([first[place] for place in places], columns)


RULE = re.compile(r"\s*:?[-=+]{3,}:?\s*")
"""A cell of a line that is drawn below the names."""

LONGEST_UNIT = 12
"""Characters of a unit: °C, m³/h, mmol/l, percent."""

LEAST_BELOW = 5
"""Rows of values that must be below one of units."""


def is_units(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first of these rows holds the units or kinds of the columns below.

    Parameters
    ----------
    rows
        The first ones below the names.
    """
    units, below = rows[0] if rows else (), rows[1 : ROWS_BELOW + 1]
    if any(units) and all(RULE.fullmatch(unit) for unit in units if unit.strip()):
        return True
    if (
        len(below) < LEAST_BELOW
        or any(are_values(units))
        or any(len(u) > LONGEST_UNIT for u in units)
    ):
        return False
    of_numbers = [
        unit.strip()
        for place, unit in enumerate(units)
        if all(place < len(row) for row in below)
        and sum(are_values([row[place] for row in below])) > len(below) / 2
    ]
    said = [unit for unit in of_numbers if unit.lower() not in MISSING]
    # A row of words for missing numbers is one of values.
    return 2 * len(said) >= len(of_numbers) and len(said) > 0 and len({*said}) * 3 > len(said)


def _recur(cells: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether most texts of the first row are also below it, as names never are."""
    again = sum(cell in column for cell, column in zip(cells, columns, strict=True))
    return len(cells) > 1 and 2 * again > len(cells)


def _counts_columns(first: Sequence[str]) -> bool:
    """Tell whether the numbers of a row count up by 1: columns of years, or without names."""
    numbers = [int(cell) for cell in first if cell.strip().isascii() and cell.strip().isdigit()]
    steps = {after - before for before, after in pairwise(numbers)}
    return len(numbers) >= LEAST_COUNTED and steps == {1}


def _cut(text: str) -> str:
    return cut(" ".join(text.split()), MOST_SHOWN)
