"""A Kafka record, and what becomes of it where it is decoded."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.schema import Row
from anomaly_app.errors import RecordRejected


class KafkaRecord(Protocol):
    """What the decoder reads of a record that was fetched from Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since the epoch, if the producer keeps to Kafka's unit."""
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
    """The record's value, without what a serializer wrote before it."""


class Rejected(NamedTuple):
    """A record that is no transaction, and why."""

    record: KafkaRecord
    error: RecordRejected


class Absent(NamedTuple):
    """Records without something that they were expected to have."""

    number: int
    example: KafkaRecord
    """One of them."""

    def and_others(self, other: "Absent") -> "Absent":
        """Count others, too."""
        return Absent(self.number + other.number, self.example)


class Decoded(NamedTuple):
    """A batch of records, sorted into what can be scored and what cannot."""

    records: list[KafkaRecord]
    matrix: Matrix
    rejected: list[Rejected]
    absent: Mapping[str, Absent] = {}
    """Of the records that were decoded, those without the key or the time that roles name."""
    entities: list[str | None] | None = None
    """Whose the records are, where the schema needs to know."""


def count(absent: dict[str, Absent], name: str, one: Absent) -> None:
    """Count records without something."""
    absent[name] = absent[name].and_others(one) if name in absent else one


def entity_of(named: str | float | None, key: bytes | None) -> str | None:
    """Name whose a transaction is: as it says itself, or else by Kafka's key."""
    entity = str(named) if named is not None else (key or b"").decode(errors="replace")
    return entity or None
