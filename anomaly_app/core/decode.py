"""From a run of Kafka records to a matrix: each record is decoded or rejected, never both."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

from anomaly_app.core.errors import RecordRejected, Rejection, describe, unscorable
from anomaly_app.core.fields import Object, read_fields
from anomaly_app.core.framing import FRAME, MAGIC, Readers, unframe
from anomaly_app.core.hints import similar_fields
from anomaly_app.core.json_reading import (
    MOST_SLOW_NUMBERS,
    SHORTEST_SLOW_NUMBER,
    has_slow_numbers,
)
from anomaly_app.core.payloads import payload_of
from anomaly_app.core.roles import Roles
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
from anomaly_app.core.typed import Form, NoStructure, Parser, is_harmless, make_parser
from anomaly_app.core.wire import Wire


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


class Rejected(NamedTuple):
    """A record that is no transaction, and why."""

    record: KafkaRecord
    error: RecordRejected


class Decoded(NamedTuple):
    """A run of records, sorted into what can be scored and what cannot."""

    records: list[KafkaRecord]
    matrix: Matrix
    rejected: list[Rejected]
    lacking: Mapping[str, "Lacking"] = {}
    """Of the records that were decoded, those without the key or the time that roles name."""


class Lacking(NamedTuple):
    """Records without something that they were expected to have."""

    number: int
    example: KafkaRecord
    """One of them."""

    def and_others(self, other: "Lacking") -> "Lacking":
        """Count others, too."""
        return Lacking(self.number + other.number, self.example)


Time: TypeAlias = datetime | float | None
Read: TypeAlias = tuple[Time, Row, tuple[str, ...]]
"""When, the features, and what it lacks of `Decoded.lacking`."""

REFUSED = (ValueError, RecursionError)
"""What a typed parser raises at a record that it leaves to the careful reading."""

MOST_FORMS = 2
"""Forms that a record is tried as before it is read with care."""


class Decoder:
    """Decode records straight into the columns of one schema.

    Most records of a topic have one form, and go through a typed parser that is built for it;
    whatever that parser refuses is read again by `read_object`, which accepts every shape and
    says precisely what is wrong. What it finds tells which parser the next record gets.

    Parameters
    ----------
    schema
        The features of the model.
    roles
        Which field is what.
    max_bytes
        Records with a longer value are rejected unread.
    payload
        Where in a record the transaction is; see `Wire`.
    strict
        Whether numbers and epoch times in quotes are refused.
    readers
        For values that a schema registry's serializers wrote.

    Raises
    ------
    DataError
        The roles name a time zone that there is none of.
    """

    def __init__(
        self,
        schema: FeatureSchema,
        roles: Roles | None = None,
        *,
        max_bytes: int,
        payload: str | None = None,
        strict: bool = False,
        readers: Readers = {},
    ) -> None:
        self.wire = Wire.of(schema, roles, payload=payload, strict=strict)
        self._schema = schema
        self._max_bytes = max_bytes
        self._readers = readers
        self._needs_times = len(schema.wire_features) < len(schema.features)
        self._watched = {
            part: f"{part}={name}"
            for part, name in (("key", self.wire.roles.key), ("time", self.wire.roles.time))
            if name is not None
        }
        self._typed: dict[Form, _Reader] = {}
        path = "" if payload in {None, "plain"} else "after" if payload == "debezium" else payload
        self._recent = [self._reader(Form(path or "", "named", has_texts=False))]

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
        lacking: dict[str, Lacking] = {}
        read, needs_times = self._recent[0].read, self._needs_times
        for record in records:
            try:
                try:
                    time, row, lacks = read(record.value, record)
                except REFUSED:
                    time, row, lacks = self._read_otherwise(record)
                    read = self._recent[0].read
                if needs_times:
                    if time.__class__ is datetime:
                        time = time.timestamp()
                    times.append(parse_timestamp(record.timestamp) if time is None else time)
            except RecordRejected as error:
                rejected.append(Rejected(record, error))
                continue
            except Exception as fault:  # noqa: BLE001  # a fault of this code, at this record only
                rejected.append(Rejected(record, unscorable(fault)))
                continue
            kept.append(record)
            rows.append(row)
            if lacks:
                for part in lacks:
                    one = Lacking(1, record)
                    lacking[part] = lacking[part].and_others(one) if part in lacking else one
        return Decoded(kept, self._schema.encode(rows, times), rejected, lacking)

    def transaction(self, record: KafkaRecord) -> Transaction:
        """Read a record that has been decoded once more, with what is not in the matrix.

        It is for anomalies: to keep this of all records costs more than to read a few twice.
        """
        found, row = self.read_carefully(record)
        assert isinstance(found.time, float)  # noqa: S101  # narrows the type
        return Transaction(found.id, found.entity, found.time, row)

    def read_carefully(self, record: KafkaRecord) -> tuple[Shape, Row]:
        """Read one record of any shape, without a typed parser.

        Raises
        ------
        RecordRejected
            The record is not a transaction.
        """
        found = read_object(self.json_of(record), self.wire)
        return found._replace(time=self._seconds(found.time, record)), tuple(found.row)

    def json_of(self, record: KafkaRecord) -> bytes:
        """Give the JSON of a record's value, without what a serializer wrote before it.

        Raises
        ------
        RecordRejected
            There is none.
        """
        value = record.value or b""
        if value[:1] != FRAMED:
            return value
        if len(value) > self._max_bytes:
            raise _too_large(value, self._max_bytes)
        schema = int.from_bytes(value[1:FRAME], "big")
        try:
            found = unframe(value, self._readers)
        except RecordRejected:
            raise
        except Exception as fault:
            raise RecordRejected(
                Rejection.NOT_JSON, f"it does not fit its schema {schema}: {describe(fault)}"
            ) from fault
        if found[:1] == FRAMED:
            raise RecordRejected(
                Rejection.NOT_JSON,
                f"it begins as a schema registry's serializers do (schema {schema}), and there "
                "is no JSON behind that",
            )
        return found

    def similar(self, missing: str, record: KafkaRecord) -> str | None:
        """Say which fields of a record have nearly the name of what it lacks.

        Parameters
        ----------
        missing
            The feature, or what `Decoded.lacking` calls a part.
        record
            Was decoded.
        """
        wire = self.wire
        whole = Object(read_fields(self.json_of(record)))
        within = payload_of(whole, wire).levels[0]
        within = within.open("features") or within
        for part, label in self._watched.items():
            if label == missing:
                return similar_fields(within, [(part, getattr(wire.roles, part))])
        return similar_fields(within, [(missing, wire.roles.field_of(missing))])

    def _read_otherwise(self, record: KafkaRecord) -> Read:
        """Read a record that the parser at hand has refused, and choose the next one's."""
        value = record.value
        if value is None:
            raise RecordRejected(Rejection.NULL_VALUE, "the record has no value")
        is_framed = value[:1] == FRAMED
        if is_framed:
            value = self.json_of(record)
        for place, reader in enumerate(self._recent):
            if place > 0 or is_framed:
                try:
                    found = reader.read(value, record)
                except REFUSED:
                    continue
                self._choose(reader)
                return found
        _check(value, self._max_bytes)
        shape = read_object(value, self.wire)
        time = None if shape.time is None else self._seconds(shape.time, record)
        if time is None:
            parse_timestamp(record.timestamp)
        loose = isinstance(shape.time, str) and not _is_rfc_3339(shape.time)
        self._choose(self._reader(Form(shape.path, shape.layout, shape.has_texts or loose)))
        parts = {"key": shape.entity, "time": shape.time}
        lacks = tuple(label for part, label in self._watched.items() if parts[part] is None)
        return time, tuple(shape.row), lacks

    def _choose(self, reader: "_Reader") -> None:
        """Try the next record with this reader first."""
        if reader is not self._recent[0]:
            others = [other for other in self._recent if other is not reader]
            self._recent = [reader, *others][:MOST_FORMS]

    def _reader(self, form: Form) -> "_Reader":
        if form not in self._typed:
            try:
                read = _reading(make_parser(self.wire, form), self.wire, self._max_bytes)
            except NoStructure:
                read = _refuse
            self._typed[form] = _Reader(form, read)
        return self._typed[form]

    def _seconds(self, time: str | float | None, record: KafkaRecord) -> float:
        if time is None:
            return parse_timestamp(record.timestamp)
        wire = self.wire
        return parse_time(
            time, zone=wire.zone, time_format=wire.roles.time_format, strict=wire.strict
        )


class _Reader(NamedTuple):
    form: Form
    read: Callable[[bytes | None, KafkaRecord], Read]


def _refuse(value: bytes | None, record: KafkaRecord) -> Read:  # noqa: ARG001  # as all readers
    raise ValueError


def _reading(
    parser: Parser, wire: Wire, max_bytes: int
) -> Callable[[bytes | None, KafkaRecord], Read]:
    """Make the function that reads a record of a form: most of what a record costs is here."""
    # The typed parser converts a repeated name's number each time: `"name":1e308,`.
    plain_bytes = min(
        max_bytes, MOST_SLOW_NUMBERS * (parser.shortest + len('"":,') + SHORTEST_SLOW_NUMBER)
    )
    parse, features, row_of, time_of, key_of, strays, op, times, keys, *_ = parser
    zone, time_format, strict = wire.zone, wire.roles.time_format, wire.strict
    no_key = (f"key={wire.roles.key}",) if wire.roles.key else ()
    no_time = (f"time={wire.roles.time}",) if wire.roles.time else ()
    no_strays = (None,) * parser.stray_count

    def read(value: bytes | None, record: KafkaRecord) -> Read:
        if value is None:
            raise ValueError
        if len(value) > plain_bytes or not value.isascii():
            if value[:1] == FRAMED:
                raise ValueError
            _check(value, max_bytes)
            if has_slow_numbers(value):
                raise ValueError
        message = parse(value)
        row = row_of(message if features is None else features(message))
        if row[0] is None and row.count(None) == len(row):
            raise ValueError
        if strays is not None and (found := strays(message)) != no_strays and not is_harmless(found):
            raise ValueError
        if op is not None and op(message) in {None, DELETED}:
            raise ValueError
        time, lacks = time_of(message), ()
        if time is None:
            for place in times:
                if (time := place(message)) is not None:
                    break
        if time.__class__ is datetime:
            if not FIRST_PLAIN_YEAR <= time.year <= LAST_PLAIN_YEAR:
                raise ValueError
            if time.tzinfo is None:
                time = time.replace(tzinfo=zone)
        elif time is not None:
            time = parse_time(time, zone=zone, time_format=time_format, strict=strict)
        else:
            if not FIRST_PLAIN_TIMESTAMP <= (record.timestamp or 0) <= LAST_PLAIN_TIMESTAMP:
                parse_timestamp(record.timestamp)
            lacks = no_time
        if no_key and key_of(message) is None:
            for place in keys:
                if place(message) is not None:
                    break
            else:
                lacks = (*no_key, *lacks)
        return time, row, lacks

    return read


def _is_rfc_3339(text: str) -> bool:
    try:
        msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return False
    return True


DELETED = "d"
"""What an envelope says of a row that is gone."""

FRAMED = bytes([MAGIC])
"""What begins a value with a schema's id."""


def _check(value: bytes, max_bytes: int) -> None:
    if len(value) > max_bytes:
        raise _too_large(value, max_bytes)
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        raise RecordRejected(
            Rejection.NOT_UTF8, f"byte {fault.start} of {len(value):,} is not UTF-8"
        ) from None


def _too_large(value: bytes, max_bytes: int) -> RecordRejected:
    return RecordRejected(
        Rejection.TOO_LARGE, f"{len(value):,} bytes, at most {max_bytes:,} are read"
    )
