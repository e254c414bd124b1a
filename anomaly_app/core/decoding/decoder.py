"""From a run of Kafka records to a matrix: each record is decoded or rejected, never both."""

from collections.abc import Sequence
from datetime import datetime

from anomaly_app.core.decoding.decoded import (
    Decoded,
    KafkaRecord,
    Lacking,
    Rejected,
    Transaction,
    count,
    entity_of,
)
from anomaly_app.core.decoding.fast_path import (
    FRAMED,
    REFUSED,
    Read,
    Reader,
    check,
    make_reader,
    unframed,
)
from anomaly_app.core.decoding.framing import NO_READERS, Readers
from anomaly_app.core.decoding.hints import similar_fields
from anomaly_app.core.decoding.layouts import Form
from anomaly_app.core.decoding.lazy_json import Object, read_fields
from anomaly_app.core.decoding.payloads import payload_of
from anomaly_app.core.decoding.slow_path import Shape, read_object
from anomaly_app.core.decoding.wire import Wire
from anomaly_app.core.model.schema import FeatureSchema, Row
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.times import is_rfc_3339, parse_time, parse_timestamp
from anomaly_app.errors import RecordRejected, Rejection, unscorable

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
        readers: Readers = NO_READERS,
    ) -> None:
        self.wire = Wire.of(schema, roles, payload=payload, strict=strict)
        self._schema = schema
        self._max_bytes = max_bytes
        self._registry = readers
        self._needs_times = len(schema.wire_features) < len(schema.features)
        self._watched = {
            part: f"{part}={name}"
            for part, name in (("key", self.wire.roles.key), ("time", self.wire.roles.time))
            if name is not None
        }
        self._readers: dict[Form, Reader] = {}
        path = "" if payload in {None, "plain"} else "after" if payload == "debezium" else payload
        self._recent = [self._reader(Form(path or "", "named", has_texts=False))]

    @property
    def watched(self) -> list[str]:
        """What records can lack beside features: the key and the time that roles name."""
        return [*self._watched.values()]

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
        key_label, time_label = self._watched.get("key"), self._watched.get("time")
        entities: list[str | None] | None = [] if self._schema.needs_entities else None
        for record in records:
            try:
                try:
                    time, row, key = read(record.value, record)
                except REFUSED:
                    time, row, key = self._read_otherwise(record)
                    read = self._recent[0].read
                if needs_times:
                    times.append(
                        parse_timestamp(record.timestamp)
                        if time is None
                        else time.timestamp()
                        if isinstance(time, datetime)
                        else time
                    )
            except RecordRejected as error:
                rejected.append(Rejected(record, error))
                continue
            except Exception as fault:  # noqa: BLE001  # a fault of this code, at this record only
                rejected.append(Rejected(record, unscorable(fault)))
                continue
            kept.append(record)
            rows.append(row)
            if key is None and key_label is not None:
                count(lacking, key_label, Lacking(1, record))
            if time is None and time_label is not None:
                count(lacking, time_label, Lacking(1, record))
            if entities is not None:
                entities.append(entity_of(key, record.key))
        matrix = self._schema.encode(rows, times, entities=entities)
        return Decoded(kept, matrix, rejected, lacking, entities)

    def transaction(self, record: KafkaRecord) -> Transaction:
        """Read a record that has been decoded once more, with what is not in the matrix.

        It is for anomalies: to keep this of all records costs more than to read a few twice.
        """
        found, row = self.read_carefully(record)
        assert isinstance(found.time, float)  # noqa: S101  # narrows the type
        return Transaction(found.id, found.entity, found.time, row)

    def read_carefully(self, record: KafkaRecord) -> tuple[Shape, Row]:
        """Read one record of any shape, or raise RecordRejected, without a typed parser."""
        found = read_object(self.json_of(record), self.wire)
        return found._replace(time=self.seconds_of(found.time, record)), tuple(found.row)

    def json_of(self, record: KafkaRecord) -> bytes:
        """Give a record's value, or raise RecordRejected, without what is before the JSON."""
        return unframed(record.value or b"", self._registry, self._max_bytes)

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
        within = within.inner("features") or within
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
        check(value, self._max_bytes)
        shape = read_object(value, self.wire)
        time = None if shape.time is None else self.seconds_of(shape.time, record)
        if time is None:
            parse_timestamp(record.timestamp)
        loose = isinstance(shape.time, str) and not is_rfc_3339(shape.time)
        self._choose(self._reader(Form(shape.path, shape.layout, shape.has_texts or loose)))
        return time, tuple(shape.row), shape.entity

    def _choose(self, reader: Reader) -> None:
        """Try the next record with this reader first."""
        if reader is not self._recent[0]:
            others = [other for other in self._recent if other is not reader]
            self._recent = [reader, *others][:MOST_FORMS]

    def _reader(self, form: Form) -> Reader:
        if form not in self._readers:
            self._readers[form] = make_reader(form, self.wire, self._max_bytes)
        return self._readers[form]

    def seconds_of(self, time: datetime | str | float | None, record: KafkaRecord) -> float:
        """Read a time, or Kafka's timestamp where there is none."""
        if time is None:
            return parse_timestamp(record.timestamp)
        wire = self.wire
        return parse_time(
            time, zone=wire.zone, time_format=wire.roles.time_format, strict=wire.strict
        )
