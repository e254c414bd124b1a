"""Rows and columns of a text file without data: repeated headers, blank rows, unnamed columns."""

import re

import polars as pl

from training.tables.header import Header
from training.tables.layout import Layout


def repeated_headers(frame: pl.DataFrame, header: Header) -> pl.Series | None:
    """Return a mask of rows that repeat the header; None without any."""
    index = next((index for index, cell in enumerate(header.cells) if cell), None)
    if index is None:
        return None
    found = (frame[:, index] == header.cells[index]).fill_null(value=False)
    if not found.any():
        return None
    again = [
        int(row)
        for row in found.arg_true()
        if all((frame[int(row), at] or "").strip() == cell for at, cell in enumerate(header.cells))
    ]
    if not again:
        return None
    return pl.repeat(value=False, n=len(frame), eager=True).scatter(again, values=True)


def without_nameless(frame: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Remove empty columns without a name, and tell the user.

    Cells without letters and digits count as empty, because spreadsheets leave commas or
    semicolons behind the last column.
    """
    if not layout.header.cells:
        return frame, layout.header.warnings
    made_up = {
        name
        for name, cell in zip(layout.header.names, layout.header.cells, strict=True)
        if not cell
    }
    empty = [
        column.name
        for column in frame.iter_columns()
        if (column.name in made_up or not re.search(r"\w", column.name))
        and not column.str.contains(r"\w").any()
    ]
    if not empty or len(empty) == frame.width:
        return frame, layout.header.warnings
    lines = [
        line for line in layout.header.warnings if not any(f"{one!r}" in line for one in empty)
    ]
    indices = [str(frame.columns.index(name) + 1) for name in empty]
    one = f"column {indices[0]} has" if len(indices) == 1 else f"columns {', '.join(indices)} have"
    was = "it was" if len(indices) == 1 else "they were"
    return frame.drop(empty), (*lines, f"{one} neither a name nor values: {was} left out")


def blank_rows(frame: pl.DataFrame) -> pl.Series | None:
    """Return a mask of rows without any value; None without any such row."""
    if frame.width == 0 or not frame[:, 0].null_count():
        return None
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return blank if blank.any() else None
