"""Erasing entities in a transaction that writes: from the store, and from rows that arrive.

What is said to be erased stays so, in whatever order, however often and in whatever batches
messages arrive: rows that come later pass the same judge as those that are there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, select, tuple_, update

from anomaly_app.store import tombstones
from anomaly_app.store.batch import KEYS, SOURCE, source
from anomaly_app.store.chunks import chunks, plain_row
from anomaly_app.store.digests import Digests, Kind
from anomaly_app.store.judging import LABEL, Judge, asked_of
from anomaly_app.store.marks import Marks
from anomaly_app.store.paging import AT_ONCE, entities, pages
from anomaly_app.store.rows import Row
from anomaly_app.store.settling import concerned, members_of
from anomaly_app.store.tables import anomalies, audit, incidents, labels, members, silences
from anomaly_app.store.tombstones import Thing, Tombstone

KINDS = {"anomalies": Kind.ANOMALY, "incidents": Kind.INCIDENT, "labels": Kind.LABEL}
"""What has tombstones: the newest message of each decides, also when it is one that goes."""

ORDER = (anomalies, incidents, labels, members, silences, audit)
"""What is said of an anomaly is judged after it."""


def without_erased(
    connection: Connection,
    rows: Mapping[str, Sequence[Row]],
    digests: Digests,
    *,
    more: Sequence[str],
) -> tuple[Mapping[str, Sequence[Row]], set[str]]:
    """Erase what is to be erased; return the rows that are left, and anomalies to settle.

    Parameters
    ----------
    connection
        In a transaction that writes.
    rows
        That arrive, by the name of their table.
    digests
        Find names.
    more
        Marks that were added, or are of a later time: everything is judged anew.
    """
    marks = Marks.of(connection, digests)
    if not marks:
        return rows, set()
    erasing = _Erasing(connection, marks, digests)
    if more:
        erasing.search(is_again=tombstones.has_any(connection, more))
    left = {
        str(table.name): erasing.admit(table, rows[table.name])
        for table in ORDER
        if table.name in rows
    }
    return {**rows, **left}, erasing.to_settle


class _Erasing:
    def __init__(self, connection: Connection, marks: Marks, digests: Digests) -> None:
        self.to_settle: set[str] = set()
        self._connection = connection
        self._marks = marks
        self._digests = digests
        if connection.dialect.name == "sqlite":
            # What is deleted is overwritten in the file as well.
            connection.exec_driver_sql("PRAGMA secure_delete = ON")

    def search(self, *, is_again: bool) -> None:
        """Judge everything that is in the store.

        Parameters
        ----------
        is_again
            Whether more is erased of what was erased before.
        """
        for name in entities(self._connection):
            if (until := self._marks.until(name)) is None:
                continue
            query = (
                select(anomalies)
                .where(anomalies.c.entity == name, anomalies.c.time <= until)
                .limit(AT_ONCE)
            )
            while found := self._rows(query):
                self._bury(anomalies, found)
        for table in (incidents, labels, silences, audit):
            for rows in pages(self._connection, table, select(table)):
                self._judge_again(table, rows)
        if is_again:
            of_none = select(members).outerjoin(anomalies, anomalies.c.id == members.c.anomaly)
            of_none = of_none.where(anomalies.c.id.is_(None))
            for rows in pages(self._connection, members, of_none):
                self._leave(rows)

    def admit(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        """Return what is left of rows that arrive."""
        left, gone = self._judged(table, rows)
        if table.name not in KINDS:
            return left
        self._bury(table, gone)
        kind = KINDS[table.name]
        stones = tombstones.found(
            self._connection, self._digests, ((kind, row["id"]) for row in left)
        )
        return [
            row
            for row in left
            if (stone := stones.get((kind, row["id"]))) is None or source(row) > stone.source
        ]

    def _judged(self, table: Table, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        things = {asked for row in rows if (asked := asked_of(table.name, row)) is not None}
        stones = tombstones.found(self._connection, self._digests, things)
        untils = {thing: self._marks.latest(stone.marks) for thing, stone in stones.items()}
        gone = {thing: until for thing, until in untils.items() if until is not None}
        judge = Judge(self._marks, gone)
        judged = [(row, judge.left(table.name, row)) for row in rows]
        return (
            [left for _, left in judged if left is not None],
            [row for row, left in judged if left is None],
        )

    def _judge_again(self, table: Table, rows: Sequence[Row]) -> None:
        """Delete or change rows that are in the store."""
        left, gone = self._judged(table, rows)
        self._bury(table, gone)
        keys = KEYS[table.name]
        known = {id(row) for row in rows}
        for row in left:
            if id(row) not in known:
                same = (table.c[key] == row[key] for key in keys)
                self._connection.execute(update(table).where(*same).values(row))

    def _bury(self, table: Table, rows: Sequence[Row]) -> None:
        """Delete rows, and older ones of the same things; write tombstones."""
        if not rows:
            return
        kind = KINDS[table.name]
        stones = self._stones(table, kind, rows)
        names = {row["id"] for row in rows}
        for chunk in chunks(names):
            found = self._connection.execute(select(table).where(table.c.id.in_(chunk))).all()
            old = [
                row
                for row in found
                if tuple(getattr(row, name) for name in SOURCE) <= stones[kind, row.id].source
            ]
            self._before(table, old)
            going = [row.id for row in old]
            self._connection.execute(delete(table).where(table.c.id.in_(going)))
        if table is anomalies:
            self._follow(names, {t for row in rows if (t := row["transaction_id"]) is not None})

    def _stones(self, table: Table, kind: Kind, rows: Sequence[Row]) -> Mapping[Thing, Tombstone]:
        new: list[tuple[Thing, str, Row]] = []
        for row in rows:
            mark = self._marks.mark_of(row["entity"]) if table is anomalies else ""
            new.append(((kind, row["id"]), mark, row))
            if table is anomalies and row["transaction_id"] is not None:
                new.append(((Kind.TRANSACTION, row["transaction_id"]), mark, row))
        return tombstones.write(self._connection, self._digests, new)

    def _before(self, table: Table, rows: Sequence[Any]) -> None:
        """Keep which anomalies have to be settled when these rows are deleted."""
        if table is labels:
            self.to_settle |= concerned(self._connection, rows)
        elif table is incidents:
            self.to_settle |= members_of(self._connection, [row.id for row in rows])

    def _follow(self, names: Iterable[str], transactions: Iterable[str]) -> None:
        """Judge again what is said of anomalies that were deleted, and of their transactions."""
        about = [
            *((str(Kind.ANOMALY), name) for name in names),
            *((str(Kind.TRANSACTION), name) for name in transactions),
        ]
        for begin in range(0, len(about), AT_ONCE):
            chunk = about[begin : begin + AT_ONCE]
            of_members = members.c.anomaly.in_([name for _, name in chunk])
            self._leave(self._rows(select(members).where(of_members)))
            said = select(labels).where(tuple_(labels.c.about, labels.c.name).in_(chunk))
            self._judge_again(labels, self._rows(said))
            entries = select(audit).where(
                audit.c.action == LABEL, audit.c.subject.in_([name for _, name in chunk])
            )
            self._judge_again(audit, self._rows(entries))

    def _leave(self, rows: Sequence[Row]) -> None:
        """Delete rows of members, if their anomalies are erased."""
        going = [row["anomaly"] for row in self._judged(members, rows)[1]]
        if going:
            self._connection.execute(delete(members).where(members.c.anomaly.in_(going)))
            self.to_settle.update(going)

    def _rows(self, query: Select[Any]) -> list[Row]:
        return [plain_row(row) for row in self._connection.execute(query).mappings()]
