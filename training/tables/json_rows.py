"""Read JSON lines, and JSON arrays of objects, as tables."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
import polars as pl

from anomaly_app.errors import DataError
from training.tables.table import Table, Where, row_of
from training.tables.text import Text

CHUNK = 50_000
"""Number of objects to convert to columns at a time."""

MAX_COLUMNS = 20_000


def is_json(text: Text) -> bool:
    """Return whether a text starts like a JSON object or array."""
    start = text.data[:4_096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"{":
        return start[1:].lstrip()[:1] in {b'"', b"}"}
    return start[:1] == b"[" and start[1:].lstrip()[:1] in b'{[]"-0123456789'


def read_json(text: Text) -> Table:
    """Read JSON objects: one per line, or an array.

    Nested objects become columns with dotted names; lists are left out.

    Raises
    ------
    DataError
        A line is broken or not an object.
    """
    frames: list[pl.DataFrame] = []
    lists: set[str] = set()
    numbers: list[int] = []
    objects = _objects(text)
    try:
        while chunk := list(islice(objects, CHUNK)):
            numbers += [number for number, _ in chunk]
            frames.append(_columns([row for _, row in chunk], lists))
    except RecursionError:
        raise DataError(f"{text.name} is nested too deeply") from None
    if not frames:
        raise DataError(f"{text.name} has no rows")
    columns = list(dict.fromkeys(name for frame in frames for name in frame.columns))
    left_out = sorted(lists - set(columns))
    warnings = [f"lists were left out: {', '.join(left_out)}"] if left_out else []
    if not columns:
        raise DataError(f"{text.name} has only lists as values")
    frame = pl.DataFrame({name: _stacked(name, frames) for name in columns})
    # A nested object that is null in some rows is not a column of its own.
    nested = {name.rpartition(".")[0] for name in columns}
    empty = [name for name in nested & set(columns) if frame[name].dtype == pl.Null]
    frame = frame.drop(empty)
    whole = text.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
    where: Where = row_of if whole else lambda index: f"row {numbers[index]}"
    return Table(text.name, frame, where, warnings=(*text.warnings, *warnings))


def _objects(text: Text) -> Iterator[tuple[int, dict[str, Any]]]:
    data = text.data[:].removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] == b"[":
        yield from _array(text.name, data)
        return
    decode = msgspec.json.Decoder().decode
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = decode(line)
        except ValueError as fault:
            if number == 1 and (rows := _only_list(data)) is not None:
                yield from enumerate(rows, 1)
                return
            raise DataError(
                f"{text.name}, row {number} is not valid JSON ({fault}): write one object per "
                "line, or an array of objects"
            ) from None
        if not isinstance(row, dict):
            raise DataError(f"{text.name}, row {number} is not a JSON object: write one per line")
        if len(lines) <= 2 and (rows := _only_list(data)) is not None:  # noqa: PLR2004
            yield from enumerate(rows, 1)
            return
        yield number, row


def _array(name: str, data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        rows = msgspec.json.decode(data)
    except ValueError as fault:
        raise DataError(f"{name} is not valid JSON ({fault})") from None
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise DataError(f"{name}: element {number} of the array is not an object")
        yield number, row


def _only_list(data: bytes) -> list[dict[str, Any]] | None:
    """Return the list of objects inside a single object, such as ``{"data": [{…}, …]}``."""
    try:
        whole = msgspec.json.decode(data)
    except ValueError:
        return None
    if not isinstance(whole, dict):
        return None
    found = [
        value
        for value in whole.values()
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
    ]
    return found[0] if len(found) == 1 else None


def _columns(rows: list[dict[str, Any]], lists: set[str]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {}
    for index, row in enumerate(rows):
        for name, value in _flat(row):
            if isinstance(value, list):
                lists.add(name)
                continue
            if (column := columns.get(name)) is None:
                if len(columns) >= MAX_COLUMNS:
                    raise DataError(f"the objects have more than {MAX_COLUMNS:,} different fields")
                column = columns[name] = [None] * index
            if len(column) == index:
                column.append(value)
        for column in columns.values():
            if len(column) == index:
                column.append(None)
    return pl.DataFrame({name: _series(name, values) for name, values in columns.items()})


def _flat(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _series(name: str, values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values} - {type(None)}
    if not kinds:
        return pl.Series(name, [None] * len(values), dtype=pl.Null)
    if kinds == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in values if value is not None):
        return pl.Series(name, values, dtype=pl.Int64)
    if kinds <= {int, float}:
        numbers = [None if value is None else _float(value) for value in values]
        return pl.Series(name, numbers, dtype=pl.Float64)
    return pl.Series(name, [_text(value) for value in values], dtype=pl.String)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _stacked(name: str, frames: list[pl.DataFrame]) -> pl.Series:
    parts = [
        frame[name]
        if name in frame.columns
        else pl.Series(name, [None] * len(frame), dtype=pl.Null)
        for frame in frames
    ]
    kinds = {part.dtype for part in parts} - {pl.Null()}
    common: pl.DataType
    if len(kinds) <= 1:
        common = next(iter(kinds), pl.Null())
    elif kinds <= {pl.Int64(), pl.Float64()}:
        common = pl.Float64()
    else:
        common = pl.String()
    return pl.concat([part.cast(common) for part in parts])
