"""Writing a batch: rows, what follows from them, and positions, in one transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, select, update

from anomaly_app.errors import PositionsMoved
from anomaly_app.store.batch import Batch, Place
from anomaly_app.store.chunks import chunks
from anomaly_app.store.digests import Digests
from anomaly_app.store.engine import tidy, writing
from anomaly_app.store.erasing import without_erased
from anomaly_app.store.rows import Row
from anomaly_app.store.said_rows import EXPIRE, UNDO
from anomaly_app.store.settling import concerned, members_of, settle
from anomaly_app.store.tables import (
    anomalies,
    audit,
    erased,
    incidents,
    labels,
    members,
    positions,
    silences,
)
from anomaly_app.store.upserting import insert_into, upsert


def write(engine: Engine, batch: Batch, digests: Digests | None = None) -> Counter[str]:
    """Write a batch; what is there already, or is newer there, stays as it is.

    Parameters
    ----------
    engine
        Of the database.
    batch
        Rows and positions.
    digests
        Find what is erased; None: those without a key.

    Returns
    -------
    Counter
        Rows that are new or were changed, by the name of their table.

    Raises
    ------
    PositionsMoved
        The database has not got what was read before this batch.
    StoreUnavailable
        The database does not answer, or is locked.
    RowsRefused
        It does not take the values; nothing of the batch is written.
    """
    with writing(engine) as connection:
        _check_positions(connection, batch)
        counts = put(connection, batch.rows, digests or Digests())
        _move(connection, {place: step.end for place, step in batch.steps.items()})
    if counts["erased"]:
        tidy(engine)
    return counts


def put(
    connection: Connection, rows: Mapping[str, Sequence[Row]], digests: Digests
) -> Counter[str]:
    """Write rows and what follows from them, in a transaction of the caller.

    Parameters
    ----------
    connection
        In a transaction that writes.
    rows
        By the name of their table.
    digests
        Find what is erased.
    """
    new: dict[str, list[Any]] = {}
    if given := rows.get("erased"):
        new["erased"] = upsert(connection, erased, given)
    rows, left = without_erased(connection, rows, digests, more=new.get("erased", ()))
    merged = _merged_into(connection, rows.get("incidents", ()))
    # A newer message may say something else with the same id.
    before = _rows_of(connection, (row["id"] for row in rows.get("labels", ())))
    for table in (audit, incidents, members, labels, silences, anomalies):
        if given := rows.get(table.name):
            new[str(table.name)] = upsert(connection, table, given)
    taken_back = _take_back(connection, labels, UNDO, "undone", new, rows)
    _take_back(connection, silences, EXPIRE, "ended", new, rows)
    moved = _merged_into(connection, rows.get("incidents", ()))
    to_settle: set[str] = {*left, *new.get("anomalies", ()), *new.get("members", ())}
    to_settle |= members_of(connection, (name for name in moved if moved[name] != merged.get(name)))
    after = _rows_of(connection, {*new.get("labels", ()), *taken_back})
    to_settle |= concerned(connection, [*before, *after])
    settle(connection, to_settle)
    return Counter({table: len(found) for table, found in new.items()})


def positions_in(connection: Connection) -> dict[Place, int]:
    """Return the next offset of each partition."""
    return {Place(*row[:2]): row[2] for row in connection.execute(select(positions))}


def set_positions(connection: Connection, found: Mapping[Place, int]) -> None:
    """Set positions, also back to earlier ones."""
    _upsert_positions(connection, found, only_forward=False)


def _check_positions(connection: Connection, batch: Batch) -> None:
    known = positions_in(connection)
    for place, step in batch.steps.items():
        if known.get(place, -1) < step.begin:
            raise PositionsMoved(
                f"the store has read {place.topic} partition {place.partition} up to offset "
                f"{known.get(place, 'none')}, not {step.begin}: it is read again from there"
            )


def _move(connection: Connection, found: Mapping[Place, int]) -> None:
    _upsert_positions(connection, found, only_forward=True)


def _upsert_positions(
    connection: Connection, found: Mapping[Place, int], *, only_forward: bool
) -> None:
    if not found:
        return
    statement = insert_into(connection, positions)
    given = statement.excluded.next_offset
    statement = statement.on_conflict_do_update(
        index_elements=[positions.c.topic, positions.c.partition],
        set_={"next_offset": given},
        where=given > positions.c.next_offset if only_forward else None,
    )
    rows = [
        {"topic": place.topic, "partition": place.partition, "next_offset": offset}
        for place, offset in sorted(found.items())
    ]
    connection.execute(statement, rows)


def _merged_into(connection: Connection, rows: Sequence[Row]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for chunk in chunks(row["id"] for row in rows):
        query = select(incidents.c.id, incidents.c.merged_into).where(incidents.c.id.in_(chunk))
        found |= {row.id: row.merged_into for row in connection.execute(query)}
    return found


def _rows_of(connection: Connection, names: Iterable[str]) -> list[Any]:
    return [
        label
        for chunk in chunks(names)
        for label in connection.execute(select(labels).where(labels.c.id.in_(chunk)))
    ]


def _take_back(
    connection: Connection,
    table: Table,
    action: str,
    prefix: str,
    new: Mapping[str, Sequence[str]],
    rows: Mapping[str, Sequence[Row]],
) -> set[str]:
    """Write when and by whom something was taken back first; return whose row has changed."""
    said = {row["subject"] for row in rows.get("audit", ()) if row["action"] == action}
    earliest: dict[str, tuple[Any, str]] = {}
    for chunk in chunks({*said, *new.get(table.name, ())}):
        query = select(audit.c.subject, audit.c.at, audit.c.user_name).where(
            audit.c.subject.in_(chunk), audit.c.action == action
        )
        for subject, at, user in connection.execute(query):
            earliest[subject] = min(earliest.get(subject, (at, user)), (at, user))
    if not earliest:
        return set()
    statement = update(table).where(table.c.id == bindparam("key"))
    changes = [
        {"key": name, f"{prefix}_at": at, f"{prefix}_by": user}
        for name, (at, user) in sorted(earliest.items())
    ]
    connection.execute(statement, changes)
    return set(earliest)
