"""Detect the layout of a text file: lines before the table, separator, header, number of cells."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from anomaly_app.errors import DataError
from training.tables.header import Header, header_of, is_units
from training.tables.numbers import are_values
from training.tables.text import Text

csv.field_size_limit(sys.maxsize)

SEPARATORS = (",", ";", "\t", "|", " ")
"""Possible separators; spaces (one or more) only if no other fits."""

LOOKED_AT = 200
"""Number of rows to check."""

MIN_ALIKE = 0.5
"""Minimum share of rows with the most frequent number of cells for a separator."""

SPACES_ALIKE = 0.9
"""The same for spaces, which also occur in text."""

MAX_BEFORE = 40
"""Maximum number of lines to skip before the header."""

REMARKS = ("#", "%", "//")
"""How lines that are not part of the table start."""

NAMES_FOLLOW = ("fields", "columns", "names", "header")
"""Words before the column names in a remark, as in logs of Zeek and of web servers."""


@dataclass(frozen=True)
class Layout:
    """The layout of a text file.

    Parameters
    ----------
    separator
        Separator of the cells.
    skip
        Number of lines before the first row of values.
    width
        Number of cells of a row, including idle ones at its end.
    header
        The column names.
    warnings
        One line each.
    """

    separator: str
    skip: int
    width: int
    header: Header
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Row:
    cells: list[str]
    end: int
    """Number of its last line, from 1."""


def layout_of(text: Text, names: tuple[str, ...] | None) -> Layout:
    """Detect the layout from the first lines.

    Parameters
    ----------
    text
        The file.
    names
        Column names for a file without a header. Empty: there is no header, and the columns are
        called column_1, column_2, … None: the file has a header.

    Raises
    ------
    DataError
        The file has no header and the user set no names, or the names do not fit.
    """
    head = text.head
    said, start = _said_separator(head)
    before, remarks = _lines_before(head, start)
    separator, rows = _split(head, before, said)
    if not rows:
        raise DataError(f"{text.name} has no rows")
    width = _usual_width(rows)
    first = _first_row(rows, width)
    passed_over = [row.cells for row in rows[:first]]
    rows = rows[first:]
    if names is None and remarks:
        rows = [*_header_in_remarks(remarks, separator, rows, before), *rows]
    header = header_of([row.cells for row in rows], width, names, text.name, rows[0].end)
    skip = rows[0].end if header.in_file else (rows[0].end - 1)
    warnings = [
        f"skipped lines before the table: {shown(' '.join(passed_over[0]))}"
        for _ in passed_over[:1]
    ]
    if header.in_file and is_units([row.cells for row in rows[1:]]):
        skip = rows[1].end
        warnings.append(
            f"row {skip} has units, types or a ruler instead of values and was left out: "
            f"{shown(' '.join(rows[1].cells))}"
        )
    return Layout(separator, skip, width, header, tuple(warnings))


def _said_separator(head: str) -> tuple[str | None, int]:
    first = head.split("\n", 1)[0].strip().strip('"')
    if first.lower().startswith("sep=") and len(first) <= len("sep=") + 1:
        return first[4:] or "\t", 1
    return None, 0


def _lines_before(head: str, start: int) -> tuple[int, list[str]]:
    """Count the empty lines and remarks before the table, and return the remarks."""
    remarks: list[str] = []
    lines = head.split("\n", start + 1_000)[:-1]
    for index, line in enumerate(lines[start:], start):
        bare = line.strip()
        if bare and not bare.startswith(REMARKS):
            return index, remarks
        if remark := line.rstrip("\r").lstrip("#%/ "):
            remarks.append(remark)
    return start, []


def _split(head: str, before: int, said: str | None) -> tuple[str, list[_Row]]:
    lines = head.split("\n", before)[-1]
    found: list[tuple[float, int, int, str, list[_Row]]] = []
    for preference, separator in enumerate(SEPARATORS if said is None else (said,)):
        rows = _rows(lines, separator, before)
        if separator == " " and found:
            break
        width = _usual_width(rows)
        alike = sum(len(row.cells) == width for row in rows) / max(len(rows), 1)
        if separator == " " and rows and len(rows[0].cells) == width - 1:
            # In R's tables, the column of row names has no name in the header.
            alike += 1 / len(rows)
        least = SPACES_ALIKE if separator == " " else MIN_ALIKE
        if width > 1 and alike >= least:
            found.append((alike, width, -preference, separator, rows))
    if not found:
        return said or ",", _rows(lines, said or ",", before)
    return max(found, key=lambda one: one[:3])[3:]


def _rows(lines: str, separator: str, before: int) -> list[_Row]:
    reader = csv.reader(
        io.StringIO(lines, newline=""), delimiter=separator, skipinitialspace=separator == " "
    )
    rows = []
    try:
        for cells in islice(reader, LOOKED_AT):
            if separator == " " and cells and cells[-1] == "":
                cells.pop()
            if any(cell.strip() for cell in cells):
                rows.append(_Row(cells, before + reader.line_num))
    except csv.Error:
        return rows
    return rows


def _usual_width(rows: Sequence[_Row]) -> int:
    counts = Counter(len(row.cells) for row in rows)
    return max(counts, key=lambda width: (counts[width], width), default=1)


def _first_row(rows: Sequence[_Row], width: int) -> int:
    """Return the index of the header, or of the first values; titles before it have few cells."""
    for index, row in enumerate(rows[:MAX_BEFORE]):
        filled = sum(bool(cell.strip()) for cell in row.cells)
        following = rows[index + 1].cells if index + 1 < len(rows) else []
        title = filled <= max(1, width // 2) and len(row.cells) != width
        if width == 1 or not (title and (width > 2 or _is_names(following))):  # noqa: PLR2004
            return index
    return 0


def _is_names(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and not any(are_values(cells))


def _header_in_remarks(
    remarks: Sequence[str], separator: str, rows: list[_Row], before: int
) -> list[_Row]:
    """Return the remark with the column names as the header."""
    below = rows[0].cells
    apart = [found[0].cells for one in remarks if (found := _rows(one, separator, 0))]
    for cells in apart:
        first, names = cells[0].strip(" :").lower(), cells[1:]
        if first in NAMES_FOLLOW and len(names) == len(below) and names != below:
            return [_Row(names, before)]
    named = [cells for cells in apart if len(cells) == len(below)]
    if len(below) > 1 and named and any(are_values(below)):
        units = len(named) > 1 and is_units([named[-1], *(row.cells for row in rows)])
        return [_Row(named[-2] if units else named[-1], before)]
    return []


def shown(text: str, most: int = 60) -> str:
    """Quote a line in a message."""
    text = " ".join(text.split())
    return repr(text if len(text) <= most else text[:most] + "…")
