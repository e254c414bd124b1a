"""From a run of Kafka records to a matrix: each record is decoded or rejected, never both."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

import msgspec

from anomaly_app.core.errors import RecordRejected, Rejection
from anomaly_app.core.schema import FeatureSchema, FeatureValue, Matrix, Row
from anomaly_app.core.shapes import read_object
from anomaly_app.core.times import parse_time


class KafkaRecord(Protocol):
    """What the decoder reads of a record that was fetched from Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since the epoch."""
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
        self._row_of = attrgetter(*(f"f{place}" for place in range(len(schema.wire_features))))
        self._single = len(schema.wire_features) == 1

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
        if message.features is None:
            return self.decode_carefully(record)
        row = self._row_of(message.features)
        return _transaction(
            message.id, message.entity, message.time, (row,) if self._single else row, record
        )

    def decode_carefully(self, record: KafkaRecord) -> Transaction:
        """Decode one record of any documented shape, without the typed parser.

        Raises
        ------
        RecordRejected
            The record is not a transaction.
        """
        found = read_object(record.value or b"", self._schema.wire_features)
        return _transaction(found.id, found.entity, found.time, found.row, record)


def _transaction(
    id_: int | str | None,
    entity: str | int | None,
    time: str | float | None,
    row: Sequence[FeatureValue],
    record: KafkaRecord,
) -> Transaction:
    if all(value is None for value in row):
        raise RecordRejected(Rejection.NO_FEATURES, "none of the model's features has a value")
    seconds = max(record.timestamp or 0, 0) / 1000.0 if time is None else parse_time(time)
    return Transaction(id_, entity, seconds, row)


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
    features = msgspec.defstruct("Features", fields, rename=names)
    return msgspec.defstruct(
        "Wire",
        [
            ("id", int | str | None, None),
            ("entity", str | int | None, None),
            ("time", str | int | float | None, None),
            ("features", features | None, None),
        ],
    )
