"""Rows of messages into their tables: of two about one thing the newer counts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from anomaly_app.store.batch import KEYS, newer_by
from anomaly_app.store.rows import Row
from anomaly_app.store.tables import DERIVED


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that may say what to do if there is a row already."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> list[Any]:
    """Write rows unless newer ones are there; return the first key of those that were written."""
    keys = KEYS[table.name]
    statement = insert_into(connection, table)
    fixed = {*keys, *DERIVED.get(table.name, ())}
    given = {name: column for name, column in statement.excluded.items() if name not in fixed}
    order = newer_by(table.name)
    if given.keys() & set(order):
        newer = tuple_(*(statement.excluded[name] for name in order)) > tuple_(
            *(table.c[name] for name in order)
        )
        statement = statement.on_conflict_do_update(index_elements=keys, set_=given, where=newer)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    returning = statement.returning(table.c[keys[0]])
    return list(connection.scalars(returning, rows))
