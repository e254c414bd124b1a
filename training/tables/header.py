"""Column names of a text file: from its first row, or set by the user."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from anomaly_app.errors import DataError
from training.tables.missing import MISSING
from training.tables.numbers import are_values
from training.tables.truncation import cut

INDEX = "index"
"""Name of an unnamed first column."""

MIN_COUNTED = 3
"""Minimum number of consecutive whole numbers that may be column names."""

ROWS_BELOW = 20
"""Number of rows to compare the first row with."""

MAX_SHOWN = 80
"""Maximum length of a row in an error."""


class Header(NamedTuple):
    """Column names.

    Parameters
    ----------
    names
        One for each cell of a row; names may repeat.
    in_file
        Whether they are in the file.
    idle
        Number of empty cells at the end of each row that belong to no column.
    warnings
        One line each.
    """

    names: tuple[str, ...]
    in_file: bool
    idle: int = 0
    warnings: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    """The names as in the file, one for each cell of a row; empty if they are not in the file."""


def header_of(
    rows: Sequence[Sequence[str]], width: int, names: tuple[str, ...] | None, file: str, line: int
) -> Header:
    """Read the column names.

    Parameters
    ----------
    rows
        The first rows, without lines before the table; at least one.
    width
        Number of cells of most rows.
    names
        See `training.tables.layout.layout_of`.
    file, line
        Position of the first row, for errors.

    Raises
    ------
    DataError
        There is no header and the user set no names, or the number of names is wrong.
    """
    if names is not None:
        return _said(names, width, file)
    first, below = rows[0], rows[1:]
    if _is_values(first, below):
        shown = ",".join(first)
        raise DataError(
            f"{file} has no header: row {line} has values ({_cut(shown)}); add a first line with "
            "the column names, or set --roles 'header=none' (the columns are then column_1 to "
            f"column_{width}) or 'header=NAME,NAME,…'"
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
            warnings=(f"the first column has no name in the header and is called {name!r}",),
        )
    if len(cells) > width and not any(cells[width:]):
        cells = cells[:width]
    if len(cells) != width:
        raise DataError(
            f"{file}, row {line}: the header has {len(cells)} names, but the rows below it have "
            f"{width} cells; give each column a name"
        )
    return _named(cells, idle)._replace(cells=tuple(cells))


def _said(names: tuple[str, ...], width: int, file: str) -> Header:
    if names and len(names) != width:
        raise DataError(
            f"header= has {len(names)} names, but the rows of {file} have {width} cells"
        )
    return Header(names or tuple(f"column_{i + 1}" for i in range(width)), in_file=False)


def _idle(cells: Sequence[str], below: Sequence[Sequence[str]], width: int) -> int:
    """Count the cells at the end of all rows without a name or a value."""
    whole = [row for row in below if len(row) == width]
    idle = 0
    while whole and idle < width - 1:
        index = width - 1 - idle
        if any(row[index].strip() for row in whole) or (index < len(cells) and cells[index]):
            break
        idle += 1
    return idle


def _named(cells: Sequence[str], idle: int) -> Header:
    names, warnings = [], []
    for index, cell in enumerate(cells):
        name = cell
        if not cell or (index == 0 and cell.startswith("Unnamed: ")):
            name = INDEX if index == 0 and INDEX not in cells else f"column_{index + 1}"
            warnings.append(
                f"{'the first column' if index == 0 else f'column {index + 1}'} has no name and "
                f"is called {name!r}"
            )
        names.append(name)
    return Header(tuple(names), in_file=True, idle=idle, warnings=tuple(warnings))


def _is_values(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row looks like the rows below it, and not like names."""
    if not below or (_counts_columns(first) and not _counts_columns(below[0])):
        return False
    indices = [index for index, cell in enumerate(first) if cell.strip()]
    columns = [
        [row[index] for row in below[:ROWS_BELOW] if index < len(row) and row[index].strip()]
        for index in indices
    ]
    of_first = are_values([first[index] for index in indices])
    below_it = iter(are_values([cell for column in columns for cell in column]))
    shares = [(sum(next(below_it) for _ in column), len(column)) for column in columns]
    pairs = {
        (values, 2 * many > all_cells)
        for values, (many, all_cells) in zip(of_first, shares, strict=True)
        if all_cells
    }
    if (False, True) in pairs:
        return False
    return (True, True) in pairs or _recur([first[index] for index in indices], columns)


RULE = re.compile(r"\s*:?[-=+]{3,}:?\s*")
"""A cell of a ruler below the names."""

LONGEST_UNIT = 12
"""Maximum length of a unit: °C, m³/h, mmol/l, percent."""

MIN_BELOW = 5
"""Minimum number of rows of values below a row of units."""


def is_units(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first of these rows has the units or types of the columns.

    Parameters
    ----------
    rows
        The first rows below the names.
    """
    units, below = rows[0] if rows else (), rows[1 : ROWS_BELOW + 1]
    if any(units) and all(RULE.fullmatch(unit) for unit in units if unit.strip()):
        return True
    if (
        len(below) < MIN_BELOW
        or any(are_values(units))
        or any(len(u) > LONGEST_UNIT for u in units)
    ):
        return False
    of_numbers = [
        unit.strip()
        for index, unit in enumerate(units)
        if all(index < len(row) for row in below)
        and sum(are_values([row[index] for row in below])) > len(below) / 2
    ]
    said = [unit for unit in of_numbers if unit.lower() not in MISSING]
    # A row of words for missing numbers is a row of values.
    return 2 * len(said) >= len(of_numbers) and len(said) > 0 and len({*said}) * 3 > len(said)


def _recur(cells: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Return whether most strings of the first row occur below it, unlike names."""
    again = sum(cell in column for cell, column in zip(cells, columns, strict=True))
    return len(cells) > 1 and 2 * again > len(cells)


def _counts_columns(first: Sequence[str]) -> bool:
    """Return whether the numbers of a row are consecutive, such as years as column names."""
    numbers = [int(cell) for cell in first if cell.strip().isascii() and cell.strip().isdigit()]
    steps = {after - before for before, after in pairwise(numbers)}
    return len(numbers) >= MIN_COUNTED and steps == {1}


def _cut(text: str) -> str:
    return cut(" ".join(text.split()), MAX_SHOWN)
