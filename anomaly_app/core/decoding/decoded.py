"""A Kafka record, and the possible results of decoding it."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.schema import Row
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
    matrix: Matrix
    rejected: list[Rejected]
    absent: Mapping[str, Absent] = {}
    """Decoded records without the key or the time that the roles name."""
    entities: list[str | None] | None = None
    """Entities of the records, if the schema needs them."""


def count(absent: dict[str, Absent], name: str, one: Absent) -> None:
    """Add to the count of records without something."""
    absent[name] = absent[name].and_others(one) if name in absent else one


def entity_of(named: str | float | None, key: bytes | None) -> str | None:
    """Return the entity of a transaction: the one in its value, or else Kafka's key."""
    entity = str(named) if named is not None else (key or b"").decode(errors="replace")
    return entity or None
