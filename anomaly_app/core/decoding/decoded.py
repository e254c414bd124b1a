"""A Kafka record, and the possible results of decoding it."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from anomaly_app.core.arrays import Indices, Matrix
from anomaly_app.core.model.feature import Row
from anomaly_app.errors import RecordRejected


class KafkaRecord(Protocol):
    """The parts of a fetched Kafka record that the decoder reads."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since the epoch, if the producer uses Kafka's unit."""
    key: bytes | None
    value: bytes | None


class Transaction(NamedTuple):
    """A decoded record: the metadata, and one value per wire feature of the schema."""

    id: int | float | str | None
    entity: str | int | float | None
    time: float
    """Seconds since the epoch."""
    row: Row
    json: bytes
    """The record's value, without a serializer's prefix."""


class Rejected(NamedTuple):
    """A record that is not a transaction, and why."""

    record: KafkaRecord
    error: RecordRejected


class Absent(NamedTuple):
    """Number and an example of the records that lack something expected."""

    number: int
    example: KafkaRecord
    """One of them."""

    def and_others(self, other: "Absent") -> "Absent":
        """Return the total of this and another count."""
        return Absent(self.number + other.number, self.example)


class Decoded(NamedTuple):
    """A batch of records, sorted into what can be scored and what cannot."""

    records: list[KafkaRecord]
    rows: list[Row]
    """The wire features of each record."""
    times: list[float]
    """The time of each, in seconds since the epoch, if the schema needs them; otherwise empty."""
    entities: list[str | None] | None
    """The entity of each, if the schema needs them."""
    matrix: Matrix
    """The rows as `FeatureSchema.encode` returns them."""
    rejected: list[Rejected]
    absent: Mapping[str, Absent] = {}
    """Decoded records without the key or the time that the roles name."""

    def part(self, begin: int, end: int) -> "Decoded":
        """Return some of the records, without what was rejected."""
        some = slice(begin, end)
        entities = None if self.entities is None else self.entities[some]
        times, rows = self.times[some], self.rows[some]
        return Decoded(self.records[some], rows, times, entities, self.matrix[some], [])

    def take(self, rows: Indices) -> "Decoded":
        """Return some of the records, with all that was rejected."""
        chosen = rows.tolist()
        return self._replace(
            records=[self.records[row] for row in chosen],
            rows=[self.rows[row] for row in chosen],
            times=self.times and [self.times[row] for row in chosen],
            entities=self.entities and [self.entities[row] for row in chosen],
            matrix=self.matrix[rows],
        )

    def without(self, *rejected: Rejected) -> "Decoded":
        """Return these records, with others that were rejected."""
        return self._replace(rejected=[*self.rejected, *rejected])

    def followed_by(self, other: "Decoded") -> "Decoded":
        """Return the records of this and of the following batch."""
        entities = None
        if self.entities is not None and other.entities is not None:
            entities = self.entities + other.entities
        return Decoded(
            self.records + other.records,
            self.rows + other.rows,
            self.times + other.times,
            entities,
            np.concatenate([self.matrix, other.matrix]),
            self.rejected + other.rejected,
            joined(self.absent, other.absent),
        )


def count(absent: dict[str, Absent], name: str, one: Absent) -> None:
    """Add to the count of records without something."""
    absent[name] = absent[name].and_others(one) if name in absent else one


def joined(one: Mapping[str, Absent], other: Mapping[str, Absent]) -> Mapping[str, Absent]:
    """Add up two counts of records without something."""
    added = dict(one)
    for name, absent in other.items():
        count(added, name, absent)
    return added


def entity_of(named: str | float | None, key: bytes | None) -> str | None:
    """Return the entity of a transaction: the one in its value, or else Kafka's key."""
    entity = str(named) if named is not None else (key or b"").decode(errors="replace")
    return entity or None
