"""Rows and columns of a text file that hold no data: headers again, blanks, what has no name."""

import re

import polars as pl

from training.tables.header import Header
from training.tables.layout import Layout


def repeated_headers(frame: pl.DataFrame, header: Header) -> pl.Series | None:
    """Mark the rows that are the header again; None where there are none."""
    place = next((place for place, cell in enumerate(header.cells) if cell), None)
    if place is None:
        return None
    found = (frame[:, place] == header.cells[place]).fill_null(value=False)
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
    """Leave out the columns without any value whose names say nothing; and say so.

    What holds neither letters nor digits is no value of such a column: spreadsheets leave commas
    or semicolons behind the last one.
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
    places = [str(frame.columns.index(name) + 1) for name in empty]
    one = f"column {places[0]} has" if len(places) == 1 else f"columns {', '.join(places)} have"
    was = "it was" if len(places) == 1 else "they were"
    return frame.drop(empty), (*lines, f"{one} neither a name nor a value: {was} left out")


def blank_rows(frame: pl.DataFrame) -> pl.Series | None:
    """Mark the rows without any value; None where there are none."""
    if frame.width == 0 or not frame[:, 0].null_count():
        return None
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return blank if blank.any() else None
