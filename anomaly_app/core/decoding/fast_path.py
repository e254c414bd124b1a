"""Reads most records of a topic: those of one form, with the typed parser that is made for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.decoding.framing import FRAME, MAGIC, Readers, unframe
from anomaly_app.core.decoding.layouts import Form
from anomaly_app.core.decoding.lazy_json import is_harmless
from anomaly_app.core.decoding.structure import NoStructure
from anomaly_app.core.decoding.typed_parser import Parser, make_parser
from anomaly_app.core.decoding.wire import Wire
from anomaly_app.core.json_reading import (
    MOST_SLOW_NUMBERS,
    SHORTEST_SLOW_NUMBER,
    has_slow_numbers,
)
from anomaly_app.core.model.schema import Row
from anomaly_app.core.times import (
    FIRST_PLAIN_TIMESTAMP,
    FIRST_PLAIN_YEAR,
    LAST_PLAIN_TIMESTAMP,
    LAST_PLAIN_YEAR,
    parse_time,
    parse_timestamp,
)
from anomaly_app.errors import RecordRejected, Rejection, describe

Time: TypeAlias = datetime | float | None
Read: TypeAlias = tuple[Time, Row, str | int | float | None]
"""When, the features, and whose: that only where it is needed."""

REFUSED = (ValueError, RecursionError)
"""What a typed parser raises at a record that it leaves to the careful reading."""

DELETED = "d"
"""What an envelope says of a row that is gone."""

FRAMED = bytes([MAGIC])
"""What begins a value with a schema's id."""


@dataclass
class Reader:
    """What reads the records of a form, and raises one of `REFUSED` at others."""

    form: Form
    read: Callable[[bytes | None, KafkaRecord], Read]


def make_reader(form: Form, wire: Wire, max_bytes: int) -> Reader:
    """Make what reads the records of a form; it refuses all where that is not possible."""
    try:
        return Reader(form, _reading(make_parser(wire, form), wire, max_bytes))
    except NoStructure:
        return Reader(form, _refuse)


def _refuse(value: bytes | None, record: KafkaRecord) -> Read:  # noqa: ARG001  # as all readers
    raise ValueError


def _reading(  # noqa: C901  # as below
    parser: Parser, wire: Wire, max_bytes: int
) -> Callable[[bytes | None, KafkaRecord], Read]:
    """Make the function that reads a record of a form: most of what a record costs is here."""
    # The typed parser converts a repeated name's number each time: `"name":1e308,`.
    plain_bytes = min(
        max_bytes, MOST_SLOW_NUMBERS * (parser.shortest + len('"":,') + SHORTEST_SLOW_NUMBER)
    )
    parse, features, row_of, time_of, key_of, strays, op, times, keys, *_ = parser
    zone, time_format, strict = wire.zone, wire.roles.time_format, wire.strict
    needs_key = wire.needs_key
    no_strays = (None,) * parser.stray_count

    # In one piece: a call in Python costs a tenth of what a record does.
    def read(value: bytes | None, record: KafkaRecord) -> Read:  # noqa: C901, PLR0912
        if value is None:
            raise ValueError
        if len(value) > plain_bytes or not value.isascii():
            if value[:1] == FRAMED:
                raise ValueError
            check(value, max_bytes)
            if has_slow_numbers(value):
                raise ValueError
        message = parse(value)
        row = row_of(message if features is None else features(message))
        if row[0] is None and row.count(None) == len(row):
            raise ValueError
        if (
            strays is not None
            and (found := strays(message)) != no_strays
            and not is_harmless(found)
        ):
            raise ValueError
        if op is not None and op(message) in {None, DELETED}:
            raise ValueError
        time = time_of(message)
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
        elif not FIRST_PLAIN_TIMESTAMP <= (record.timestamp or 0) <= LAST_PLAIN_TIMESTAMP:
            parse_timestamp(record.timestamp)
        if not needs_key:
            return time, row, None
        if (key := key_of(message)) is None:
            for place in keys:
                if (key := place(message)) is not None:
                    break
        return time, row, key

    return read


def unframed(value: bytes, readers: Readers, max_bytes: int) -> bytes:
    """Give a value as JSON, without what a schema registry's serializer wrote before it.

    Raises
    ------
    RecordRejected
        There is no JSON, or the value is too large.
    """
    if value[:1] != FRAMED:
        return value
    if len(value) > max_bytes:
        raise too_large(value, max_bytes)
    schema = int.from_bytes(value[1:FRAME], "big")
    try:
        found = unframe(value, readers)
    except RecordRejected:
        raise
    except Exception as fault:
        detail = f"it does not fit its schema {schema}: {describe(fault)}"
        raise RecordRejected(Rejection.SCHEMA_MISMATCH, detail) from fault
    if found[:1] == FRAMED:
        detail = f"it begins with the number of a schema ({schema}), and there is no JSON behind it"
        raise RecordRejected(Rejection.NOT_JSON, detail)
    return found


def check(value: bytes, max_bytes: int) -> None:
    """Refuse what is too large or not UTF-8."""
    if len(value) > max_bytes:
        raise too_large(value, max_bytes)
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        raise RecordRejected(
            Rejection.NOT_UTF8, f"byte {fault.start} of {len(value):,} is not UTF-8"
        ) from None


def too_large(value: bytes, max_bytes: int) -> RecordRejected:
    """Say that a value is too large."""
    return RecordRejected(
        Rejection.TOO_LARGE, f"{len(value):,} bytes, at most {max_bytes:,} are read"
    )
