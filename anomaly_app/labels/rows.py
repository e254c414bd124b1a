"""The rows of a CSV file, read line by line: whatever is in it, memory is bounded."""

import csv
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from anomaly_app.core.visible import printable
from anomaly_app.errors import DataError

LONGEST_LINE = 10_000
"""Bytes."""

MOST_LINES = 20
"""Lines of one row: a quoted cell may have several."""

DELIMITERS = (",", ";", "\t")

BYTE_ORDER_MARK = "\ufeff"


class Row(NamedTuple):
    """A row, or why there is none."""

    line: int
    """Number of its first line in the file, from 1 on."""
    cells: list[str]
    fault: str = ""
    """Empty if it could be read."""


class Lines:
    """Lines of a file, one after the other, with their number and how far the reading is.

    Parameters
    ----------
    file
        Bytes that should be UTF-8; others are replaced.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0
        """Of the last line."""
        self.bytes = 0
        """Read so far."""
        self.row = 0
        """Number of the last line before the current row."""

    def __iter__(self) -> "Lines":
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Return the next line.

        Raises
        ------
        DataError
            It is too long, or one too many for a row; the next call goes on after it.
        """
        line = self._read()
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > LONGEST_LINE:
            while not line.endswith(b"\n") and (line := self._read()):
                pass
            raise DataError(f"it has more than {LONGEST_LINE:,} bytes")
        if self.number - self.row > MOST_LINES:
            raise DataError(f"a quote in it has no end within {MOST_LINES} lines")
        return line.decode(errors="replace")

    def _read(self) -> bytes:
        line = self._file.readline(LONGEST_LINE + 1)
        self.bytes += len(line)
        return line


def header_of(lines: Lines) -> tuple[list[str], str]:
    """Read the names of the columns, and what separates them.

    Raises
    ------
    DataError
        The first line has no names.
    """
    first = next(lines, "").removeprefix(BYTE_ORDER_MARK)
    if "\0" in first:
        raise DataError("the file is no text in UTF-8: save it as CSV in UTF-8")
    delimiter = max(DELIMITERS, key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    if not any(name.strip() for name in names):
        raise DataError("the first line of the file has no names of columns")
    return [name.strip() for name in names], delimiter


def rows_of(lines: Lines, delimiter: str) -> Iterator[Row]:
    """Yield the rows after the first line; empty ones are left out."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.row = lines.number
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, DataError) as fault:
            yield Row(line, [], printable(str(fault), LONGEST_LINE))
            continue
        if any(cell.strip() for cell in cells):
            yield Row(line, [cell.strip() for cell in cells])
