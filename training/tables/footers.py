"""What stands below the rows of a table: remarks, footers, and a row of totals."""

import csv
import re
from dataclasses import replace

import polars as pl

from training.tables.layout import REMARKS, Layout, shown
from training.tables.numbers import are_values
from training.tables.text import Text

MOST_AFTER = 20
"""Lines below the last row that are passed over at most."""

FAR_FROM_START = 1 << 20
"""Bytes from which on no line is one of the header's."""

TOTALS = re.compile(
    r"\W*((grand|sub)[ -]?)?(totals?|sum|summe|gesamt(summe)?|insgesamt|somme|totale|suma|"
    r"average|avg|mean|mittelwert|durchschnitt|moyenne)\b"
    r".{0,20}",
    re.IGNORECASE,
)
"""A cell of a row that sums up those above it."""

LEAST_CELLS = 3
"""Cells of a row, of which a single one that is filled says nothing of a transaction."""


def without_tail(text: Text, layout: Layout) -> tuple[Text, tuple[str, ...]]:
    """Cut off the last lines that are no rows, and say so.

    Parameters
    ----------
    text
        The file.
    layout
        Tells what a row is.
    """
    passed: list[str] = []
    cut = end = len(text.data)
    while layout.width > 1 and end > 0 and len(passed) < MOST_AFTER:
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
        which = "the last line is no row and was passed over"
    else:
        which = f"the last {len(passed)} lines are no rows and were passed over"
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
    # A row that lost some of its cells has values.
    return len(filled) <= max(1, layout.width // 2) and not any(are_values(filled))


def without_totals(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Leave out the last rows that sum up the others, or hold one remark; and say so.

    Parameters
    ----------
    frame
        Texts; empty cells are null.
    """
    if frame.width < LEAST_CELLS:
        return frame, ()
    passed: list[str] = []
    while len(frame) > 1 and len(passed) < MOST_AFTER:
        filled = [cell for cell in frame.row(-1) if cell is not None]
        usual = max(sum(cell is not None for cell in row) for row in frame[-MOST_AFTER:].rows())
        remark = len(filled) == 1 < usual and not are_values(filled)[0]
        if not (remark or _sums_up(frame, is_less=len(filled) < usual)):
            break
        passed.append(" ".join(filled))
        frame = frame[:-1]
    if not passed:
        return frame, ()
    if len(passed) == 1:
        which = "the last row sums up or remarks on the others, and was left out"
    else:
        which = f"the last {len(passed)} rows sum up or remark on the others, and were left out"
    return frame, (f"{which}: {shown(passed[-1])}",)


def _sums_up(frame: pl.DataFrame, *, is_less: bool) -> bool:
    """Tell whether a cell of the last row says so, and no cell above it is the same.

    A row with as many cells as the others does so only where the one above is no text.
    """
    return any(
        cell is not None
        and TOTALS.fullmatch(cell.strip()) is not None
        and (is_less or are_values([frame[-2, place] or ""])[0])
        and int((frame[:, place] == cell).sum()) == 1
        for place, cell in enumerate(frame.row(-1))
    )
