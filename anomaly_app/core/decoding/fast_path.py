"""The fast path: most records of a topic have the same layout, which gets its own typed parser."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.decoding.layouts import RecordLayout
from anomaly_app.core.decoding.lazy_json import is_harmless
from anomaly_app.core.decoding.raw_value import FRAMED, check
from anomaly_app.core.decoding.structure import NoStructure
from anomaly_app.core.decoding.typed_parser import Parser, make_parser
from anomaly_app.core.decoding.wire import Wire
from anomaly_app.core.json_reading import (
    MOST_SLOW_NUMBERS,
    SHORTEST_SLOW_NUMBER,
    has_slow_numbers,
)
from anomaly_app.core.model.feature import Row
from anomaly_app.core.times import (
    FIRST_PLAIN_TIMESTAMP,
    FIRST_PLAIN_YEAR,
    LAST_PLAIN_TIMESTAMP,
    LAST_PLAIN_YEAR,
    parse_time,
    parse_timestamp,
)

Time: TypeAlias = datetime | float | None
Read: TypeAlias = tuple[Time, Row, str | int | float | None]
"""Time, features and entity; the entity only if it is needed."""

REFUSED = (ValueError, RecursionError)
"""Exceptions of a typed parser for a record that it leaves to the slow path."""

DELETED = "d"
"""The `op` of an envelope for a deleted row."""


@dataclass
class FastReader:
    """Reads records of one layout, and raises one of `REFUSED` for all others."""

    layout: RecordLayout
    read: Callable[[bytes | None, KafkaRecord], Read]


def make_reader(layout: RecordLayout, wire: Wire, max_bytes: int) -> FastReader:
    """Make the reader of a layout; it refuses all records if there is no parser for it."""
    try:
        return FastReader(layout, _reading(make_parser(wire, layout), wire, max_bytes))
    except NoStructure:
        return FastReader(layout, _refuse)


def _refuse(value: bytes | None, record: KafkaRecord) -> Read:  # noqa: ARG001  # signature of all readers
    raise ValueError


def _reading(  # noqa: C901  # as below
    parser: Parser, wire: Wire, max_bytes: int
) -> Callable[[bytes | None, KafkaRecord], Read]:
    """Make the function that reads records of a layout, where most of the time is spent."""
    # If a name is repeated, the typed parser converts its number each time: `"name":1e308,`.
    plain_bytes = min(
        max_bytes, MOST_SLOW_NUMBERS * (parser.shortest + len('"":,') + SHORTEST_SLOW_NUMBER)
    )
    parse, features, row_of, time_of, key_of, strays, op, times, keys, *_ = parser
    zone, time_format, strict = wire.zone, wire.roles.time_format, wire.strict
    needs_key = wire.needs_key
    no_strays = (None,) * parser.stray_count

    # One function: a call in Python costs a tenth of the time per record.
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
            for time_at in times:
                if (time := time_at(message)) is not None:
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
            for key_at in keys:
                if (key := key_at(message)) is not None:
                    break
        return time, row, key

    return read
