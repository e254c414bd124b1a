"""Choose the reader for a record: a topic has one layout, rarely two."""

from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.decoding.fast_path import REFUSED, FastReader, Read, make_reader
from anomaly_app.core.decoding.framing import Readers
from anomaly_app.core.decoding.layouts import RecordLayout
from anomaly_app.core.decoding.raw_value import FRAMED, check, unframed
from anomaly_app.core.decoding.slow_path import read_object, seconds_of
from anomaly_app.core.decoding.wire import DEBEZIUM, PLAIN, Wire
from anomaly_app.core.times import is_rfc_3339
from anomaly_app.errors import RecordRejected, Rejection

MOST_LAYOUTS = 2
"""Layouts that are tried before a record is read on the slow path."""


class ReaderChoice:
    """The fast readers for the layouts of recent records, and the slow path for all others.

    Parameters
    ----------
    wire
        Where everything is in a record.
    max_bytes
        Records with a longer value are rejected unread.
    schema_readers
        Readers for values written by a schema registry's serializers.
    """

    def __init__(self, wire: Wire, max_bytes: int, schema_readers: Readers) -> None:
        self._wire = wire
        self._max_bytes = max_bytes
        self._schema_readers = schema_readers
        self._made: dict[RecordLayout, FastReader] = {}
        path = "" if wire.payload in {None, PLAIN} else wire.payload
        path = "after" if path == DEBEZIUM else path
        self._recent = [self.reader(RecordLayout(path or "", "named", has_texts=False))]

    @property
    def first(self) -> FastReader:
        """The reader to try first for the next record."""
        return self._recent[0]

    def reader(self, layout: RecordLayout) -> FastReader:
        """Return the reader of a layout, which is created once."""
        if layout not in self._made:
            self._made[layout] = make_reader(layout, self._wire, self._max_bytes)
        return self._made[layout]

    def read_otherwise(self, record: KafkaRecord) -> Read:
        """Read a record that the first reader refused, and choose the reader for the next one.

        Raises
        ------
        RecordRejected
            It is not a transaction.
        """
        value = record.value
        if value is None:
            raise RecordRejected(Rejection.NULL_VALUE, "the record has no value")
        is_framed = value[:1] == FRAMED
        if is_framed:
            value = unframed(value, self._schema_readers, self._max_bytes)
        for index, reader in enumerate(self._recent):
            if index > 0 or is_framed:
                try:
                    found = reader.read(value, record)
                except REFUSED:
                    continue
                self._choose(reader)
                return found
        check(value, self._max_bytes)
        return self._read_slowly(value, record)

    def _read_slowly(self, value: bytes, record: KafkaRecord) -> Read:
        parsed = read_object(value, self._wire)
        # A missing or out-of-range time is an error, whether it is needed or not.
        seconds = seconds_of(parsed.time, record, self._wire)
        loose = isinstance(parsed.time, str) and not is_rfc_3339(parsed.time)
        layout = RecordLayout(parsed.path, parsed.layout, parsed.has_texts or loose)
        self._choose(self.reader(layout))
        return None if parsed.time is None else seconds, parsed.row, parsed.entity

    def _choose(self, reader: FastReader) -> None:
        if reader is not self._recent[0]:
            others = [other for other in self._recent if other is not reader]
            self._recent = [reader, *others][:MOST_LAYOUTS]
