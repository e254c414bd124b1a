"""What was deleted with an erased entity, by digests, so that no older message brings it back."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Engine, insert, select

from anomaly_app.store.batch import SOURCE, source
from anomaly_app.store.chunks import chunks, plain_row
from anomaly_app.store.digests import Digests
from anomaly_app.store.engine import reading, writing
from anomaly_app.store.rows import Row
from anomaly_app.store.tables import erased, tombstones
from anomaly_app.store.upserting import upsert

Thing: TypeAlias = tuple[str, str]
"""A kind and a name."""

AT_ONCE = 1_000
"""Rows that are copied at once."""


class Tombstone(NamedTuple):
    """Of one thing."""

    marks: frozenset[str]
    """Of an anomaly or a transaction: of the entities with which it was erased."""
    source: tuple[Any, ...]
    """The message that was the newest of it: what is not newer is deleted."""


def found(
    connection: Connection, digests: Digests, things: Iterable[Thing]
) -> dict[Thing, Tombstone]:
    """Return the tombstones of some things."""
    by_digest = {digests.of(*thing): thing for thing in things}
    stones: dict[Thing, Tombstone] = {}
    for chunk in chunks(by_digest):
        query = select(tombstones).where(tombstones.c.digest.in_(chunk))
        for row in map(plain_row, connection.execute(query).mappings()):
            thing = by_digest[row["digest"]]
            known = stones.get(thing, Tombstone(frozenset(), source(row)))
            newest = max(known.source, source(row))
            stones[thing] = Tombstone(known.marks | {row["mark"]}, newest)
    return stones


def write(
    connection: Connection, digests: Digests, new: Sequence[tuple[Thing, str, Row]]
) -> dict[Thing, Tombstone]:
    """Write tombstones, and return them as they are now.

    Parameters
    ----------
    connection
        In a transaction that writes.
    digests
        Make the digests of names.
    new
        Things, the mark of the entity or nothing, and the row that goes.
    """
    rows: dict[tuple[str, str], Row] = {}
    for thing, mark, row in new:
        key = digests.of(*thing), mark
        if key not in rows or source(rows[key]) < source(row):
            rows[key] = {"digest": key[0], "mark": mark, **{name: row[name] for name in SOURCE}}
    if rows:
        upsert(connection, tombstones, [rows[key] for key in sorted(rows)])
    return found(connection, digests, {thing for thing, _, _ in new})


def has_any(connection: Connection, marks: Sequence[str]) -> bool:
    """Whether something was erased with one of some entities before."""
    query = select(tombstones.c.digest).where(tombstones.c.mark.in_(marks)).limit(1)
    return connection.scalar(query) is not None


def copy_erased(stored: Engine, other: Engine) -> None:
    """Let another store know what is erased from one, also what no topic tells any more.

    Raises
    ------
    StoreUnavailable
        A database does not answer.
    """
    with reading(stored) as one, writing(other) as two:
        for table in (erased, tombstones):
            query = select(table).execution_options(yield_per=AT_ONCE)
            for some in one.execute(query).mappings().partitions():
                two.execute(insert(table), [plain_row(row) for row in some])
