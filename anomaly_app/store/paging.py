"""Whole tables, some rows at a time, off the index of their keys."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, Table, literal, select, tuple_

from anomaly_app.store.batch import KEYS
from anomaly_app.store.chunks import plain_row
from anomaly_app.store.rows import Row
from anomaly_app.store.tables import anomalies

AT_ONCE = 1_000
"""Rows that are held at once."""


def entities(connection: Connection) -> Iterator[str]:
    """Yield the names of all entities that have anomalies."""
    column, last = anomalies.c.entity, ""
    while True:
        query = select(column).where(column > last).distinct().order_by(column).limit(AT_ONCE)
        names = list(connection.scalars(query))
        yield from names
        if len(names) < AT_ONCE:
            return
        last = names[-1]


def pages(connection: Connection, table: Table, wanted: Select[Any]) -> Iterator[list[Row]]:
    """Yield the rows of a query on a table; those that were yielded may be changed or deleted.

    Parameters
    ----------
    connection
        In a transaction.
    table
        Has the keys.
    wanted
        The query, in no order.
    """
    keys = [table.c[name] for name in KEYS[table.name]]
    ordered = wanted.order_by(*keys).limit(AT_ONCE)
    query = ordered
    while rows := [plain_row(row) for row in connection.execute(query).mappings()]:
        yield rows
        last = [literal(rows[-1][key.name], key.type) for key in keys]
        query = ordered.where(tuple_(*keys) > tuple_(*last))
