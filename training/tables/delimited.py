"""Read delimited text files as tables of strings."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

import polars as pl

from anomaly_app.errors import DataError
from training.tables.blanks import blank_rows, repeated_headers, without_nameless
from training.tables.footers import without_tail, without_totals
from training.tables.layout import Layout, layout_of
from training.tables.merged_columns import split_merged
from training.tables.table import Table, Where
from training.tables.text import Text
from training.tables.truncation import cut

UNUSED = "\x1f"
"""A separator that no file uses, to read whole lines."""

MAX_SHOWN = 60


def read_delimited(text: Text, names: tuple[str, ...] | None) -> Table:
    """Read a text file as a table of strings; empty cells are null.

    Parameters
    ----------
    text
        The file.
    names
        See `training.tables.layout.layout_of`.

    Raises
    ------
    DataError
        It has no header, rows of different lengths, or columns with the same name.
    """
    layout = layout_of(text, names)
    text, about_tail = without_tail(text, layout)
    if layout.separator == " ":
        text = _with_single_spaces(text)
    frame = _read(text, layout)
    rows, repeats = len(frame), repeated_headers(frame, layout.header)
    frame = _with_names(frame, layout, text.name)
    frame, about_columns = without_nameless(frame, layout)
    left_out = blank_rows(frame)
    about_rows: tuple[str, ...] = ()
    if repeats is not None:
        left_out = repeats if left_out is None else left_out | repeats
        about_rows = (f"{int(repeats.sum()):,} rows repeat the header and were left out",)
    indices = None
    if left_out is not None:
        indices = (~left_out).arg_true()
        frame = frame.filter(~left_out)
    frame, about_totals = without_totals(frame)
    frame, about_merged = split_merged(frame)
    if len(frame) == 0:
        raise DataError(f"{text.name} has a header but no rows")
    return Table(
        name=text.name,
        frame=frame,
        where=_places(text, layout, indices, rows),
        separator=layout.separator,
        warnings=(
            *(*text.warnings, *layout.warnings, *about_columns),
            *(*about_merged, *about_rows, *about_totals, *about_tail),
        ),
    )


def _with_single_spaces(text: Text) -> Text:
    data = re.sub(rb"(?m)^[ \t]+|[ \t\r]+$", b"", text.data[:])
    data = re.sub(rb"[ \t]+", b" ", data)
    return Text(text.name, data, None, text.newlines, text.quotes, text.warnings)


def _read(text: Text, layout: Layout) -> pl.DataFrame:
    try:
        frame = _cells(text, layout)
    except pl.exceptions.NoDataError:
        return pl.DataFrame(schema={str(i): pl.String for i in range(layout.width)})
    except pl.exceptions.PolarsError:
        _check_widths(text, layout)
        try:
            return _written_anew(text, layout)
        except (pl.exceptions.PolarsError, csv.Error):
            raise DataError(
                f"cannot read {text.name} as a table: its quotes are ambiguous; double the quotes "
                "inside cells"
            ) from None
    short = layout.width > 1 and len(frame) and frame[:, -1].null_count()
    if short or text.quotes % 2:
        _check_widths(text, layout)
    return frame


def _cells(text: Text, layout: Layout) -> pl.DataFrame:
    return pl.read_csv(
        text.file or io.BytesIO(text.data[:]),
        has_header=False,
        skip_lines=layout.skip,
        separator=layout.separator,
        quote_char='"' if text.quotes else None,
        schema={str(i): pl.String for i in range(layout.width)},
        infer_schema=False,
        glob=False,
    )


def _written_anew(text: Text, layout: Layout) -> pl.DataFrame:
    """Read cells with misplaced quotes with Python's csv module."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows(cells for _, cells in _rows(text, layout) if cells)
    anew = Text(text.name, written.getvalue().encode(), None, 0, 1)
    return _cells(anew, Layout(",", 0, layout.width, layout.header))


def _check_widths(text: Text, layout: Layout) -> None:
    """Check that all rows have as many cells as the first ones.

    Raises
    ------
    DataError
        A row has more or fewer.
    """
    if not text.quotes and (known := _widths_of_lines(text, layout)) is not None:
        odd = (known != layout.width).arg_true()
        if len(odd) == 0:
            return
    line, cells = _odd_or_last_row(text, layout)
    if text.quotes % 2 and cells and "\n" in cells[-1]:
        raise DataError(
            f"{text.name}, row {line}: a quote that opens here is never closed; close or remove "
            f"it: {_cut(layout.separator.join(cells))}"
        )
    if cells and len(cells) != layout.width:
        raise DataError(
            f"{text.name}, row {line}: {len(cells)} cells instead of {layout.width}; fix or remove "
            "the row (quote cells that contain the separator): "
            f"{_cut(layout.separator.join(cells))}"
        )


def _odd_or_last_row(text: Text, layout: Layout) -> tuple[int, list[str]]:
    last: tuple[int, list[str]] = (0, [])
    for last in _rows(text, layout):
        if last[1] and len(last[1]) != layout.width:
            break
    return last


def _widths_of_lines(text: Text, layout: Layout) -> pl.Series | None:
    try:
        lines = pl.read_csv(
            text.file or io.BytesIO(text.data[:]),
            has_header=False,
            skip_lines=layout.skip,
            separator=UNUSED,
            quote_char=None,
            schema={"line": pl.String},
            infer_schema=False,
            glob=False,
        )["line"]
    except pl.exceptions.PolarsError:
        return None
    return lines.drop_nulls().str.count_matches(layout.separator, literal=True) + 1


def _rows(text: Text, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line, from 1."""
    opened = text.file.open("rb") if text.file else io.BytesIO(text.data[:])
    with io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as lines:
        for _ in range(layout.skip):
            lines.readline()
        reader = csv.reader(lines, delimiter=layout.separator)
        start = layout.skip + 1
        for cells in reader:
            yield start, cells if any(cells) or len(cells) > 1 else []
            start = layout.skip + reader.line_num + 1


def _with_names(frame: pl.DataFrame, layout: Layout, file: str) -> pl.DataFrame:
    names = list(layout.header.names)
    idle = frame.width - len(names)
    if idle and frame[:, len(names) :].null_count().sum_horizontal()[0] != idle * len(frame):
        names += [f"column_{index + 1}" for index in range(len(names), frame.width)]
    frame = frame[:, : len(names)]
    repeated = {name for name in names if names.count(name) > 1} if _repeats(names) else set()
    kept: dict[str, pl.Series] = {}
    for name, column in zip(names, frame.iter_columns(), strict=True):
        if name in repeated and name in kept:
            if column.equals(kept[name], check_names=False):
                continue
            raise DataError(
                f"{file} has several columns named {name!r}: give each its own name or, if the "
                "first line has values, set --roles 'header=none'"
            )
        kept[name] = column.alias(name)
    return pl.DataFrame(kept)


def _repeats(names: list[str]) -> bool:
    return len(set(names)) < len(names)


def _places(text: Text, layout: Layout, indices: pl.Series | None, rows: int) -> Where:
    """Return a function that finds a row's line; it reads the file if rows span several lines."""
    lines = text.newlines + (text.data[-1:] != b"\n")
    plain = lines - layout.skip == rows

    def where(index: int) -> str:
        if plain:
            return f"row {layout.skip + 1 + (index if indices is None else int(indices[index]))}"
        starts = (line for line, cells in _rows(text, layout) if any(cells))
        return f"row {next(islice(starts, index, None))}"

    return where


def _cut(text: str) -> str:
    return repr(cut(" ".join(text.split()), MAX_SHOWN))
