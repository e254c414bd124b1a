"""The slow path: read every documented layout, and say precisely what is wrong.

::

    {"id": 7, "entity": "card-1", "time": "2026-01-05T10:00:00Z", "features": {"amount": 12.5}}
    {"id": 7, "entity": "card-1", "time": 1767607200, "features": [12.5, "food"]}
    {"id": 7, "data": [[0.1, 2.3]], "current_time": "2026-01-05T10:00:00Z"}
    {"customer_id": "card-1", "timestamp": "2026-01-05T10:00:00Z", "amount": 12.5}

Each may be the payload of an envelope.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.decoding.hints import none_of_the_features
from anomaly_app.core.decoding.layouts import FeatureLayout
from anomaly_app.core.decoding.lazy_json import (
    Fields,
    Object,
    is_given,
    kind_of,
    read_fields,
    read_items,
    scalar,
)
from anomaly_app.core.decoding.payloads import payload_of
from anomaly_app.core.decoding.values import name_of, read_value
from anomaly_app.core.decoding.wire import Parts, Wire
from anomaly_app.core.model.feature import FeatureValue, Row
from anomaly_app.core.times import parse_time, parse_timestamp
from anomaly_app.errors import RecordRejected, Rejection


class Parsed(NamedTuple):
    """The parts of a transaction, before its time is parsed."""

    id: int | float | str | None
    entity: str | int | float | None
    time: str | float | None
    row: Row
    layout: FeatureLayout
    """How the features are laid out."""
    path: str
    """Path to the object that holds the transaction; "" if it is the record itself."""
    has_texts: bool
    """Whether a number came as a string."""


def read_object(value: bytes, wire: Wire) -> Parsed:
    """Read a transaction of any layout.

    Parameters
    ----------
    value
        The record's value; it is valid UTF-8.
    wire
        Where everything is.

    Raises
    ------
    RecordRejected
        The value has no documented layout, or a part of it has the wrong type.
    """
    record = Object(_fields(value))
    path, levels = payload_of(record, wire)
    texts: list[str] = []
    row, layout = _read_row(levels[0], record, wire, texts)
    names = wire.flat_parts if layout == "flat" else wire.parts
    return Parsed(
        id=_part("id", levels, names),
        entity=_part("key", levels, names),
        time=_part("time", levels, names),
        row=tuple(row),
        layout=layout,
        path=path,
        has_texts=bool(texts),
    )


def seconds_of(time: datetime | str | float | None, record: KafkaRecord, wire: Wire) -> float:
    """Return a transaction's time in seconds since the epoch; by default Kafka's timestamp.

    Raises
    ------
    RecordRejected
        It is not a time, or out of range.
    """
    if time is None:
        return parse_timestamp(record.timestamp)
    return parse_time(time, zone=wire.zone, time_format=wire.roles.time_format, strict=wire.strict)


_read_any = msgspec.json.Decoder(msgspec.Raw).decode


def _fields(value: bytes) -> Fields:
    try:
        try:
            return read_fields(value)
        except msgspec.ValidationError:
            # It is not an object, and its remainder may not even be JSON.
            whole = _read_any(value)
    except RecursionError:
        raise RecordRejected(Rejection.NOT_JSON, "nested too deeply") from None
    except ValueError as fault:
        raise RecordRejected(Rejection.NOT_JSON, str(fault)) from None
    found = name_of(scalar(whole))
    raise RecordRejected(Rejection.NOT_AN_OBJECT, f"it is {found}; send a JSON object")


def _read_row(
    within: Object, record: Object, wire: Wire, texts: list[str]
) -> tuple[list[FeatureValue], FeatureLayout]:
    """Return the features and their layout."""
    features, data = within.fields.get("features"), within.fields.get("data")
    named = within.inner("features")
    if named is not None and any(is_given(named.get(name)) for name in wire.fields):
        return _read_named(named, wire, texts), "named"
    for name, found in (("features", features), ("data", data)):
        if found is not None and kind_of(found) == b"[":
            values, layout = _items(found, name)
            return _read_list(values, name, wire, texts), layout
    if any(is_given(within.get(name)) for name in wire.fields):
        return _read_named(within, wire, texts), "flat"
    if named is None and is_given(features):
        raise RecordRejected(
            Rejection.WRONG_TYPE,
            f"`features` is {name_of(scalar(features))}; send an object or a list",
        )
    detail = none_of_the_features(named or within, record, wire)
    if named is not None:
        detail = f"`features` {detail}"
    if named is None and is_given(data):
        detail = "`data` must be a list; put named values in `features`" + _hint_only(detail)
        raise RecordRejected(Rejection.WRONG_TYPE, detail)
    raise RecordRejected(Rejection.NO_FEATURES, detail)


def _hint_only(detail: str) -> str:
    """Return the part of a detail that advises a setting."""
    _, found, hint = detail.partition(": set ")
    return f", or set {hint}" if found else ""


def _read_named(within: Object, wire: Wire, texts: list[str]) -> list[FeatureValue]:
    return [
        read_value(feature, scalar(within.get(field)), wire, texts)
        for feature, field in zip(wire.features, wire.fields, strict=True)
    ]


def _items(found: msgspec.Raw, name: str) -> tuple[Sequence[msgspec.Raw], FeatureLayout]:
    values = read_items(found)
    if name == "features":
        return values, "features list"
    if values and kind_of(values[0]) == b"[":
        if len(values) > 1:
            raise RecordRejected(
                Rejection.WRONG_LENGTH, f"`data` has {len(values):,} rows; send one per message"
            )
        return read_items(values[0]), "data rows"
    return values, "data list"


def _read_list(
    values: Sequence[msgspec.Raw], name: str, wire: Wire, texts: list[str]
) -> list[FeatureValue]:
    if len(values) != len(wire.features):
        raise RecordRejected(
            Rejection.WRONG_LENGTH,
            f"`{name}` has {len(values):,} value{'s'[: len(values) != 1]}, "
            f"but the model has {len(wire.features):,} features",
        )
    row = [
        read_value(feature, scalar(value), wire, texts)
        for feature, value in zip(wire.features, values, strict=True)
    ]
    if row.count(None) == len(row):
        raise RecordRejected(Rejection.NO_FEATURES, f"all values of `{name}` are null")
    return row


ACCEPTED: dict[str, tuple[tuple[type, ...], str]] = {
    "id": ((str, int, float), "a string or a number"),
    "key": ((str, int, float), "a string or a number"),
    "time": ((str, int, float), "ISO 8601, or seconds since 1970"),
}


def _part(part: str, levels: Sequence[Object], names: Parts) -> Any:
    types, expected = ACCEPTED[part]
    for level in levels:
        for name in getattr(names, part):
            value = scalar(level.get(name))
            if value is None:
                continue
            if type(value) not in types:
                raise RecordRejected(
                    Rejection.WRONG_TYPE, f"`{name}` is {name_of(value)}; send {expected}"
                )
            return value
    return None
