"""Remove what follows the rows of a table: remarks, footers and totals."""

import csv
import re
from dataclasses import replace

import polars as pl

from training.tables.layout import REMARKS, Layout, shown
from training.tables.numbers import are_values
from training.tables.text import Text

MAX_AFTER = 20
"""Maximum number of lines to remove."""

FAR_FROM_START = 1 << 20
"""Number of bytes after which no line belongs to the header."""

TOTALS = re.compile(
    r"\W*((grand|sub)[ -]?)?(totals?|sum|summe|gesamt(summe)?|insgesamt|somme|totale|suma|"
    r"average|avg|mean|mittelwert|durchschnitt|moyenne)\b"
    r".{0,20}",
    re.IGNORECASE,
)
"""The first cell of a row of totals."""

MIN_CELLS = 3
"""Minimum number of columns for a row with a single filled cell to be a remark."""


def without_tail(text: Text, layout: Layout) -> tuple[Text, tuple[str, ...]]:
    """Remove the last lines that are not rows, and tell the user.

    Parameters
    ----------
    text
        The file.
    layout
        The layout of the file.
    """
    passed: list[str] = []
    cut = end = len(text.data)
    while layout.width > 1 and end > 0 and len(passed) < MAX_AFTER:
        start = text.data.rfind(b"\n", 0, end - 1) + 1
        line = text.data[start:end].decode("utf-8", errors="replace").strip("\r\n")
        if start < FAR_FROM_START and text.data[:start].count(b"\n") < layout.skip:
            break
        if line.strip():
            if not _is_footer(line, layout):
                break
            passed.append(line)
            cut = start
        end = start
    if not passed:
        return text, ()
    rest = text.data[cut:]
    text = replace(
        text,
        data=text.data[:cut],
        file=None,
        newlines=text.newlines - rest.count(b"\n"),
        quotes=text.quotes - rest.count(b'"'),
    )
    if len(passed) == 1:
        which = "the last line is not a row and was skipped"
    else:
        which = f"the last {len(passed)} lines are not rows and were skipped"
    return text, (f"{which}: {shown(passed[-1])}",)


def _is_footer(line: str, layout: Layout) -> bool:
    if line.count('"') % 2 or "\r" in line:
        return False
    if layout.separator == " ":
        cells = line.split()
    else:
        cells = next(csv.reader([line], delimiter=layout.separator))
    if len(cells) == layout.width:
        return False
    filled = [cell for cell in cells if cell.strip()]
    if line.lstrip().startswith(REMARKS) or any(TOTALS.fullmatch(one) for one in filled[:1]):
        return True
    # A row that lost some of its cells still has values.
    return len(filled) <= max(1, layout.width // 2) and not any(are_values(filled))


def without_totals(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Remove the last rows if they are totals or remarks, and tell the user.

    Parameters
    ----------
    frame
        Strings; empty cells are null.
    """
    if frame.width < MIN_CELLS:
        return frame, ()
    passed: list[str] = []
    while len(frame) > 1 and len(passed) < MAX_AFTER:
        filled = [cell for cell in frame.row(-1) if cell is not None]
        usual = max(sum(cell is not None for cell in row) for row in frame[-MAX_AFTER:].rows())
        remark = len(filled) == 1 < usual and not are_values(filled)[0]
        if not (remark or _sums_up(frame, is_less=len(filled) < usual)):
            break
        passed.append(" ".join(filled))
        frame = frame[:-1]
    if not passed:
        return frame, ()
    if len(passed) == 1:
        which = "the last row is a total or a remark and was left out"
    else:
        which = f"the last {len(passed)} rows are totals or remarks and were left out"
    return frame, (f"{which}: {shown(passed[-1])}",)


def _sums_up(frame: pl.DataFrame, *, is_less: bool) -> bool:
    """Return whether the last row is a total: a cell says so, and no cell above it is the same.

    In a row with as many cells as the others, the cell above must not be text.
    """
    return any(
        cell is not None
        and TOTALS.fullmatch(cell.strip()) is not None
        and (is_less or are_values([frame[-2, index] or ""])[0])
        and int((frame[:, index] == cell).sum()) == 1
        for index, cell in enumerate(frame.row(-1))
    )
