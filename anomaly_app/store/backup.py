"""A backup of the store in one file, for a database of either kind: JSON lines, compressed.

The first line says what it is and of which schema, the last one how many rows there are: a file
that was cut off is not restored.
"""

import gzip
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
from sqlalchemy import Connection, Engine, Table, insert, select

from anomaly_app.errors import StoreError
from anomaly_app.store import schema
from anomaly_app.store.chunks import plain_row
from anomaly_app.store.engine import reading, writing
from anomaly_app.store.moments import Moment
from anomaly_app.store.tables import metadata

FORMAT = "anomaly-app store 1"

AT_ONCE = 1_000
"""Rows in one statement."""

TABLES = metadata.tables


class Head(msgspec.Struct, frozen=True):
    """The first line."""

    format: str
    schema: str


class Line(msgspec.Struct, frozen=True):
    """A row."""

    table: str
    row: dict[str, Any]


class End(msgspec.Struct, frozen=True):
    """The last line."""

    rows: dict[str, int]


def export(engine: Engine, file: Path) -> dict[str, int]:
    """Write all tables to a file, as they are at one moment; return the number of rows of each.

    Raises
    ------
    StoreError
        The database does not answer, is of another schema, or the file cannot be written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        with reading(engine) as connection, gzip.open(part, "wb", compresslevel=6) as out:
            rows = _export(connection, cast("BinaryIO", out))
        part.replace(file)
    except OSError as fault:
        raise StoreError(f"the backup {file} cannot be written: {fault.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return rows


def _export(connection: Connection, out: BinaryIO) -> dict[str, int]:
    found = schema.schema_in(connection, schema.config_of())
    if found.found != found.wanted:
        raise StoreError(
            f"the store has schema {found.found or 'none'}, and this app makes backups of "
            f"{found.wanted}: run `store upgrade`, or use the app of that schema"
        )
    counts: Counter[str] = Counter()
    encode = msgspec.json.encode
    out.write(encode(Head(FORMAT, found.wanted)) + b"\n")
    for table in metadata.sorted_tables:
        # Not SQLAlchemy's kind of text.
        name = str(table.name)
        counts[name] = 0
        query = select(table).order_by(*table.primary_key).execution_options(yield_per=AT_ONCE)
        for row in connection.execute(query).mappings():
            out.write(encode(Line(name, plain_row(row))) + b"\n")
            counts[name] += 1
    out.write(encode(End(dict(counts))) + b"\n")
    return dict(counts)


def restore(engine: Engine, file: Path) -> dict[str, int]:
    """Write the rows of a backup into an empty database; return the number of rows of each table.

    Raises
    ------
    StoreError
        The file is no whole backup of this schema, or the database is not empty.
    """
    schema.prepare(engine)
    with writing(engine) as connection:
        for table in metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is not None:
                raise StoreError(
                    f"the store is not empty (there are {table.name}): stop the workers, and name "
                    "an empty database in ANOMALY_STORE"
                )
        try:
            with gzip.open(file, "rb") as given:
                counts = _restore(connection, iter(given), schema.schema_in)
        except (OSError, EOFError, msgspec.DecodeError, KeyError, ValueError) as fault:
            words = getattr(fault, "strerror", None) or str(fault)
            raise StoreError(f"{file} is no whole backup of a store: {words}") from None
    return counts


def _restore(connection: Connection, lines: Iterator[bytes], version: Any) -> dict[str, int]:
    head = msgspec.json.decode(next(lines, b""), type=Head)
    wanted = version(connection, schema.config_of()).wanted
    if (head.format, head.schema) != (FORMAT, wanted):
        raise StoreError(
            f"the backup is of schema {head.schema}, and this app has {wanted}: restore it with "
            "the app that made it, then run `store upgrade`"
        )
    counts: Counter[str] = Counter()
    end: End | None = None
    waiting: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if end is not None:
            raise ValueError("something follows its last line")
        if line.startswith(b'{"rows":'):
            end = msgspec.json.decode(line, type=End)
            continue
        found = msgspec.json.decode(line, type=Line)
        rows = waiting.setdefault(found.table, [])
        rows.append(_row(TABLES[found.table], found.row))
        counts[found.table] += 1
        if len(rows) == AT_ONCE:
            connection.execute(insert(TABLES[found.table]), rows)
            rows.clear()
    for name, rows in waiting.items():
        if rows:
            connection.execute(insert(TABLES[name]), rows)
    if end is None or +Counter(end.rows) != counts:
        raise ValueError("its end is missing")
    return end.rows


def _row(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    if set(row) != set(table.c.keys()):
        raise ValueError(f"a row of {table.name} has other columns")
    return {
        name: datetime.fromisoformat(value)
        if value is not None and isinstance(table.c[name].type, Moment)
        else value
        for name, value in row.items()
    }
