"""From a run of Kafka records to a matrix: each record is decoded or rejected, never both."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
from msgspec.structs import astuple

from anomaly_app.core.errors import RecordRejected, Rejection
from anomaly_app.core.schema import FeatureSchema, Matrix, Row
from anomaly_app.core.shapes import read_object
from anomaly_app.core.times import EARLIEST, LATEST, parse_time


class KafkaRecord(Protocol):
    """What the decoder reads of a record that was fetched from Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since the epoch."""
    key: bytes | None
    value: bytes | None


class Transaction(msgspec.Struct, frozen=True, gc=False):
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
    transactions: list[Transaction]
    matrix: Matrix
    rejected: list[Rejected]


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
        transactions: list[Transaction] = []
        rejected: list[Rejected] = []
        for record in records:
            try:
                transactions.append(self.decode_one(record))
            except RecordRejected as error:
                rejected.append(Rejected(record, error))
            else:
                kept.append(record)
        matrix = self._schema.encode([t.row for t in transactions], [t.time for t in transactions])
        return Decoded(kept, transactions, matrix, rejected)

    def decode_one(self, record: KafkaRecord) -> Transaction:
        """Decode one record.

        Raises
        ------
        RecordRejected
            The record is not a transaction.
        """
        value = record.value
        if value is None:
            raise RecordRejected(Rejection.NULL_VALUE, "the record has no value")
        if len(value) > self._max_bytes:
            raise RecordRejected(
                Rejection.TOO_LARGE, f"{len(value):,} bytes, at most {self._max_bytes:,} are read"
            )
        if not value.isascii():
            _check_utf8(value)
        try:
            message = self._parse(value)
        except (ValueError, RecursionError):
            return self.decode_carefully(record)
        seconds = _sent_at(record) if message.time is None else _seconds_of(message.time)
        row = astuple(message.features)
        if seconds is None or (row[0] is None and row.count(None) == len(row)):
            return self.decode_carefully(record)
        return Transaction(message.id, message.entity, seconds, row)

    def decode_carefully(self, record: KafkaRecord) -> Transaction:
        """Decode one record of any documented shape, without the typed parser.

        Raises
        ------
        RecordRejected
            The record is not a transaction.
        """
        found = read_object(record.value or b"", self._schema.wire_features)
        if found.row.count(None) == len(found.row):
            raise RecordRejected(Rejection.NO_FEATURES, "none of the model's features has a value")
        seconds = _sent_at(record) if found.time is None else parse_time(found.time)
        return Transaction(found.id, found.entity, seconds, tuple(found.row))


def _sent_at(record: KafkaRecord) -> float:
    return max(record.timestamp or 0, 0) / 1000.0


def _seconds_of(time: datetime | float) -> float | None:
    """Read a time that the typed parser has read; None where it is for the careful reader."""
    seconds = time.timestamp() if isinstance(time, datetime) else time
    return seconds if EARLIEST <= seconds < LATEST else None


def _check_utf8(value: bytes) -> None:
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
