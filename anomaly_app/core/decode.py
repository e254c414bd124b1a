"""From a run of Kafka records to a matrix: each record is decoded or rejected, never both."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
from msgspec.structs import astuple

from anomaly_app.core.errors import RecordRejected, Rejection, unscorable
from anomaly_app.core.json_reading import (
    MOST_SLOW_NUMBERS,
    SHORTEST_SLOW_NUMBER,
    has_slow_numbers,
)
from anomaly_app.core.schema import FeatureSchema, Matrix, Row
from anomaly_app.core.shapes import Shape, read_object
from anomaly_app.core.times import (
    FIRST_PLAIN_TIMESTAMP,
    FIRST_PLAIN_YEAR,
    LAST_PLAIN_TIMESTAMP,
    LAST_PLAIN_YEAR,
    parse_time,
    parse_timestamp,
)


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

    id: int | str | None
    entity: str | int | None
    time: float
    """Seconds since the epoch."""
    row: Row


class Rejected(NamedTuple):
    """A record that is no transaction, and why."""

    record: KafkaRecord
    error: RecordRejected


class Decoded(NamedTuple):
    """A run of records, sorted into what can be scored and what cannot."""

    records: list[KafkaRecord]
    matrix: Matrix
    rejected: list[Rejected]
    entities: list[str | None] | None = None
    """Whose the records are, where the schema needs to know."""


class Decoder:
    """Decode records straight into the columns of one schema.

    The common shape goes through a typed parser that is built for the schema; whatever that
    parser refuses is read again by `read_object`, which accepts every documented shape and
    says precisely what is wrong.

    Parameters
    ----------
    schema
        The features of the model.
    max_bytes
        Records with a longer value are rejected unread.
    """

    def __init__(self, schema: FeatureSchema, *, max_bytes: int) -> None:
        self._schema = schema
        self._max_bytes = max_bytes
        # The typed parser converts a repeated name's number each time: `"name":1e308,`.
        shortest = min(len(name) for name in ("time", *(f.name for f in schema.wire_features)))
        self._plain_bytes = min(
            max_bytes, MOST_SLOW_NUMBERS * (shortest + len('"":,') + SHORTEST_SLOW_NUMBER)
        )
        self._needs_times = len(schema.wire_features) < len(schema.features)
        self._parse = msgspec.json.Decoder(_wire_type(schema)).decode

    def decode(self, records: Sequence[KafkaRecord]) -> Decoded:
        """Decode a run of records.

        Parameters
        ----------
        records
            Any bytes at all; nothing raises.

        Returns
        -------
        Decoded
            Every record is in exactly one of ``records`` and ``rejected``, in order.
        """
        kept: list[KafkaRecord] = []
        rows: list[Row] = []
        times: list[float] = []
        rejected: list[Rejected] = []
        entities: list[str | None] | None = [] if self._schema.needs_entities else None
        read, needs_times = self._read, self._needs_times
        for record in records:
            try:
                message, row = read(record)
                if needs_times:
                    times.append(_seconds(message.time, record))
            except RecordRejected as error:
                rejected.append(Rejected(record, error))
                continue
            except Exception as fault:  # noqa: BLE001  # a fault of this code, at this record only
                rejected.append(Rejected(record, unscorable(fault)))
                continue
            kept.append(record)
            rows.append(row)
            if entities is not None:
                entities.append(entity_of(message.entity, record.key))
        matrix = self._schema.encode(rows, times, entities=entities)
        return Decoded(kept, matrix, rejected, entities)

    def transaction(self, record: KafkaRecord) -> Transaction:
        """Read a record that has been decoded once more, with what is not in the matrix.

        It is for anomalies: to keep this of all records costs more than to read a few twice.
        """
        message, row = self._read(record)
        return Transaction(message.id, message.entity, _seconds(message.time, record), row)

    def _read(self, record: KafkaRecord) -> tuple[Any, Row]:
        value = record.value
        if value is None:
            raise RecordRejected(Rejection.NULL_VALUE, "the record has no value")
        if len(value) > self._plain_bytes or not value.isascii():
            _check(value, self._max_bytes)
            if has_slow_numbers(value):
                return self.read_carefully(record)
        try:
            message = self._parse(value)
        except (ValueError, RecursionError):
            return self.read_carefully(record)
        time, row = message.time, astuple(message.features)
        if row[0] is None and row.count(None) == len(row):
            return self.read_carefully(record)
        if time.__class__ is datetime:
            if not FIRST_PLAIN_YEAR <= time.year <= LAST_PLAIN_YEAR:
                return self.read_carefully(record)
        elif time is not None:
            parse_time(time)
        elif not FIRST_PLAIN_TIMESTAMP <= (record.timestamp or 0) <= LAST_PLAIN_TIMESTAMP:
            parse_timestamp(record.timestamp)
        return message, row

    def read_carefully(self, record: KafkaRecord) -> tuple[Shape, Row]:
        """Read one record of any documented shape, without the typed parser.

        Raises
        ------
        RecordRejected
            The record is not a transaction.
        """
        found = read_object(record.value or b"", self._schema.wire_features)
        if found.row.count(None) == len(found.row):
            raise RecordRejected(Rejection.NO_FEATURES, "none of the model's features has a value")
        return found._replace(time=_seconds(found.time, record)), tuple(found.row)


def entity_of(named: str | int | None, key: bytes | None) -> str | None:
    """Name whose a transaction is: as it says itself, or else by Kafka's key."""
    entity = str(named) if named is not None else (key or b"").decode(errors="replace")
    return entity or None


def _seconds(time: datetime | str | float | None, record: KafkaRecord) -> float:
    return parse_timestamp(record.timestamp) if time is None else parse_time(time)


def _check(value: bytes, max_bytes: int) -> None:
    if len(value) > max_bytes:
        raise RecordRejected(
            Rejection.TOO_LARGE, f"{len(value):,} bytes, at most {max_bytes:,} are read"
        )
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        raise RecordRejected(
            Rejection.NOT_UTF8, f"byte {fault.start} of {len(value):,} is not UTF-8"
        ) from None


def _wire_type(schema: FeatureSchema) -> type[Any]:
    kinds: dict[str, Any] = {"number": float | None, "category": str | int | None}
    fields = [
        (f"f{place}", kinds[feature.kind], None)
        for place, feature in enumerate(schema.wire_features)
    ]
    names = {f"f{place}": f.name for place, f in enumerate(schema.wire_features)}
    return msgspec.defstruct(
        "Wire",
        [
            ("features", msgspec.defstruct("Features", fields, rename=names, gc=False)),
            ("id", int | str | None, None),
            ("entity", str | int | None, None),
            ("time", Annotated[datetime, msgspec.Meta(tz=True)] | int | float | None, None),
        ],
        gc=False,
    )
