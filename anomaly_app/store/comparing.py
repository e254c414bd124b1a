"""The comparison of two stores, row by row: the one in use, and one made of the topics anew."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, select

from anomaly_app.store.batch import Place
from anomaly_app.store.chunks import chunks, plain_row
from anomaly_app.store.engine import reading
from anomaly_app.store.tables import DATA, DERIVED, anomalies, members
from anomaly_app.store.values import moment

AT_ONCE = 1_000

MOST_NAMED = 5
"""Rows of a table that are named; the others are counted."""


class Read(NamedTuple):
    """What was read of a partition to make the other store."""

    begin: int
    """What was before it, nobody can tell any more."""
    end: int
    """What came after it is not compared."""


class Compared(NamedTuple):
    """What came of the comparison of one table."""

    table: str
    same: int
    differing: list[str]
    """Keys of rows that have other values."""
    missing: list[str]
    """Keys of rows that the topics tell of, and the store does not have."""
    extra: list[str]
    """Keys of rows that the store has, and the topics do not tell of."""
    older: int
    """Rows whose messages the topics do not have any more."""
    newer: int
    """Rows that were written meanwhile."""

    @property
    def is_same(self) -> bool:
        """Whether nothing differs that can be compared."""
        return not (self.differing or self.missing or self.extra)

    @property
    def line(self) -> str:
        """The result in one line."""
        parts = [f"{self.table}: {self.same:,} rows are the same"]
        for words, keys in (
            ("differ", self.differing),
            ("are missing", self.missing),
            ("are in no topic", self.extra),
        ):
            named = ", ".join(keys[:MOST_NAMED]) + (", …" if len(keys) > MOST_NAMED else "")
            parts.append(f"{len(keys):,} {words}" + (f" ({named})" if keys else ""))
        if self.older:
            parts.append(f"{self.older:,} are older than their topic")
        if self.newer:
            parts.append(f"{self.newer:,} were written meanwhile")
        return ", ".join(parts)


class Told(NamedTuple):
    """A store that was made of the topics."""

    engine: Engine
    read: Mapping[Place, Read]
    """What was read of each partition."""
    topics: Mapping[str, str]
    """The topic of each table."""
    oldest: float
    """Seconds since the epoch: earlier anomalies may have been deleted from the store."""
    is_whole: bool
    """Whether the topics have all of their messages, so that what follows from several of them
    can be compared as well."""


def compare(stored: Engine, told: Told) -> list[Compared]:
    """Compare all tables whose rows are from messages.

    Raises
    ------
    StoreUnavailable
        A database does not answer.
    """
    with reading(stored) as one, reading(told.engine) as other:
        return [_compare(table, one, other, told) for table in DATA]


def _compare(table: Table, stored: Connection, other: Connection, told: Told) -> Compared:
    left_out = () if told.is_whole else DERIVED.get(table.name, ())
    names = [column.name for column in table.columns if column.name not in left_out]
    keys = [column.name for column in table.primary_key]
    differing, missing, extra = [], [], []
    counts: Counter[str] = Counter()
    for one, expected in _merged(_rows(stored, table), _rows(other, table), keys):
        if one is None:
            if table is anomalies and expected["time"] < moment(told.oldest):
                counts["older"] += 1
            else:
                missing.append(_named(expected, keys))
            continue
        place = Place(told.topics[table.name], one["kafka_partition"])
        begin, end = told.read.get(place, Read(0, 0))
        if one["kafka_offset"] >= end:
            counts["newer"] += 1
        elif expected is None and one["kafka_offset"] < begin:
            counts["older"] += 1
        elif expected is None:
            extra.append(_named(one, keys))
        elif any(one[name] != expected[name] for name in names):
            differing.append(_named(one, keys))
        else:
            counts["same"] += 1
    if table is members:
        # Those of deleted anomalies are deleted with them.
        kept = _with_anomaly(stored, missing)
        counts["older"] += len(missing) - len(kept)
        missing = kept
    return Compared(
        str(table.name), counts["same"], differing, missing, extra, counts["older"], counts["newer"]
    )


def _with_anomaly(connection: Connection, names: list[str]) -> list[str]:
    return [
        name
        for chunk in chunks(names)
        for name in connection.scalars(select(anomalies.c.id).where(anomalies.c.id.in_(chunk)))
    ]


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=AT_ONCE)
    for row in connection.execute(query).mappings():
        yield plain_row(row)


def _merged(
    left: Iterator[dict[str, Any]], right: Iterator[dict[str, Any]], keys: list[str]
) -> Iterator[tuple[Any, Any]]:
    """Yield pairs of rows with the same key; None where there is none. Both are sorted by it."""
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and _key(one, keys) < _key(other, keys)):
            yield one, None
            one = next(left, None)
        elif one is None or _key(one, keys) > _key(other, keys):
            yield None, other
            other = next(right, None)
        else:
            yield one, other
            one, other = next(left, None), next(right, None)


def _key(row: dict[str, Any], keys: list[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in keys)


def _named(row: dict[str, Any], keys: list[str]) -> str:
    return " ".join(str(row[name]) for name in keys)
