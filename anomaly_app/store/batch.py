"""A batch of rows, and how far the topics are read with it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from anomaly_app.store.rows import Made, Row
from anomaly_app.store.tables import DATA, tombstones

SOURCE = ("kafka_at", "kafka_partition", "kafka_offset")
"""Columns that say which of two rows about one thing is newer."""

FIRST = {"erased": ("until",)}
"""Columns that count before the source: what was erased once stays so."""

KEYS = {
    table.name: tuple(column.name for column in table.primary_key) for table in (*DATA, tombstones)
}


class Place(NamedTuple):
    """A partition."""

    topic: str
    partition: int


class Step(NamedTuple):
    """How far a batch brings a partition."""

    begin: int
    """The next offset before it."""
    end: int
    """The next offset after it."""


@dataclass
class Batch:
    """Rows that are written together with the positions after them.

    Parameters
    ----------
    rows
        By the name of their table; of rows about one thing only the newest.
    steps
        How far each partition is read with them.
    """

    rows: Mapping[str, list[Row]] = field(default_factory=dict)
    steps: Mapping[Place, Step] = field(default_factory=dict)

    @classmethod
    def of(cls, made: Iterable[Made], steps: Mapping[Place, Step]) -> "Batch":
        """Make a batch of rows in any order."""
        newest: dict[str, dict[tuple[object, ...], Row]] = defaultdict(dict)
        for table, row in made:
            key = tuple(row[name] for name in KEYS[table])
            known = newest[table].get(key)
            if known is None or newness(table, known) < newness(table, row):
                newest[table][key] = row
        # In the order of their keys: writers cannot block each other, and pages fill in order.
        rows = {
            table: [found[key] for key in sorted(found, key=repr)]
            for table, found in newest.items()
        }
        return cls(rows, steps)


def newer_by(table: str) -> tuple[str, ...]:
    """Return the columns that say which of two rows about one thing counts."""
    return (*FIRST.get(table, ()), *SOURCE)


def source(row: Row) -> tuple[Any, ...]:
    """Return which message a row is from; that of the newer one is greater."""
    return tuple(row[name] for name in SOURCE)


def newness(table: str, row: Row) -> tuple[Any, ...]:
    """Return what says which of two rows counts: the greater one."""
    return tuple(row[name] for name in newer_by(table))
