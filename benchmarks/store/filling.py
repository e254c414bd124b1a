"""Filling a database quickly: without indexes first, and on PostgreSQL with COPY."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Engine, Index, Table, insert, text

from anomaly_app.store.engine import writing
from anomaly_app.store.tables import anomalies, incidents, labels, members
from benchmarks.store.population import Population

TABLES = (anomalies, members, incidents, labels)


def fill(engine: Engine, population: Population, progress: Callable[[int, int], None]) -> None:
    """Write a population into an empty store.

    Parameters
    ----------
    engine
        Of a store with tables.
    population
        What to write.
    progress
        Called with the number of anomalies written, and of all.
    """
    indexes = [index for table in TABLES for index in table.indexes]
    with writing(engine) as connection:
        for index in indexes:
            index.drop(connection)
    done = 0
    for chunk in population.chunks():
        with writing(engine) as connection:
            for table, rows in zip(TABLES, chunk, strict=True):
                _write(connection, table, rows)
        done += len(chunk.anomalies)
        progress(done, population.size)
    for index in indexes:
        _create(engine, index)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if _is_postgres(connection) else "ANALYZE"))


def _create(engine: Engine, index: Index) -> None:
    with writing(engine) as connection:
        if _is_postgres(connection):
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        index.create(connection)


def _write(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    if not _is_postgres(connection):
        connection.execute(insert(table), rows)
        return
    raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    with raw.cursor().copy(f"COPY {table.name} ({columns}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def _is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
