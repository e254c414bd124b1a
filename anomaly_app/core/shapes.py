"""The documented shapes of a transaction, read with care rather than speed.

::

    {"id": 7, "entity": "card-1", "time": "2026-01-05T10:00:00Z", "features": {"amount": 12.5}}
    {"id": 7, "entity": "card-1", "time": 1767607200, "features": [12.5, "food"]}
    {"id": 7, "data": [[0.1, 2.3]], "current_time": "2026-01-05T10:00:00Z"}
    {"value1": 0.1, "value2": 2.3}
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from anomaly_app.core.errors import RecordRejected, Rejection
from anomaly_app.core.schema import Feature, FeatureValue


class Shape(NamedTuple):
    """The parts of a transaction, before its time is read."""

    id: int | str | None
    entity: str | int | None
    time: str | float | None
    row: list[FeatureValue]


def read_object(value: bytes, features: Sequence[Feature]) -> Shape:
    """Read a transaction of any documented shape.

    Parameters
    ----------
    value
        The record's value; it is valid UTF-8.
    features
        The features that a transaction carries itself.

    Raises
    ------
    RecordRejected
        The value has no documented shape, or a part of it has the wrong type.
    """
    fields = _fields(value)
    time = fields.get("time", fields.get("current_time"))
    return Shape(
        id=_of_type(_scalar(fields.get("id")), "id", str, int),
        entity=_of_type(_scalar(fields.get("entity")), "entity", str, int),
        time=_of_type(_scalar(time), "time", str, int, float),
        row=_read_row(fields, features),
    )


Fields: TypeAlias = Mapping[str, msgspec.Raw]
"""Names and JSON: what is not looked at is not made into objects, however much of it there is."""

_read_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_scalar = msgspec.json.Decoder(bool | int | float | str | None).decode
_read_any = msgspec.json.Decoder(msgspec.Raw).decode


def _fields(value: bytes) -> Fields:
    try:
        try:
            return _read_fields(value)
        except msgspec.ValidationError:
            # It is no object, and may not be JSON either, further on.
            whole = _read_any(value)
    except RecursionError:
        raise RecordRejected(Rejection.NOT_JSON, "nested too deeply") from None
    except ValueError as fault:
        raise RecordRejected(Rejection.NOT_JSON, str(fault)) from None
    found = _name_of(_scalar(whole))
    raise RecordRejected(Rejection.NOT_AN_OBJECT, f"expected an object, found {found}")


def _scalar(part: bytes | msgspec.Raw | None) -> Any:
    """Read a scalar; for an object or list, which nothing takes, an empty one stands."""
    if part is None:
        return None
    try:
        return _read_scalar(part)
    except msgspec.ValidationError as fault:
        if (kind := bytes(part)[:1]) in EMPTY:
            return EMPTY[kind]
        raise RecordRejected(Rejection.NOT_FINITE, str(fault)) from None


EMPTY: Mapping[bytes, Any] = {b"{": {}, b"[": []}


def _read_row(fields: Fields, features: Sequence[Feature]) -> list[FeatureValue]:
    if (named := bytes(fields.get("features", b"null"))) != b"null":
        if named[:1] == b"{":
            return _read_named(_read_fields(named), features)
        return _read_list(named, "features", features)
    if (rows := bytes(fields.get("data", b"null"))) != b"null":
        if rows[:1] == b"[" and len(inner := _read_items(rows)) == 1:
            only = bytes(inner[0])
            rows = only if only[:1] == b"[" else rows
        return _read_list(rows, "data", features)
    return _read_named(fields, features)


def _read_named(fields: Fields, features: Sequence[Feature]) -> list[FeatureValue]:
    return [_read(feature, _scalar(fields.get(feature.name))) for feature in features]


def _read_list(text: bytes, name: str, features: Sequence[Feature]) -> list[FeatureValue]:
    if text[:1] != b"[":
        raise RecordRejected(
            Rejection.WRONG_TYPE,
            f"{name} is {_name_of(_scalar(text))}, expected an object or a list",
        )
    values = _read_items(text)
    if len(values) != len(features):
        raise RecordRejected(
            Rejection.WRONG_LENGTH,
            f"{name} has {len(values)} values, the model has {len(features)} features",
        )
    return [_read(feature, _scalar(value)) for feature, value in zip(features, values, strict=True)]


def _read(feature: Feature, value: Any) -> FeatureValue:
    name = f"feature {feature.name!r}"
    if feature.kind == "category":
        text: FeatureValue = _of_type(value, name, str, int)
        return text
    number: FeatureValue = _of_type(value, name, int, float, bool)
    if number is None:
        return None
    try:
        finite = math.isfinite(converted := float(number))
    except OverflowError:
        finite = False
    if not finite:
        raise RecordRejected(Rejection.NOT_FINITE, f"{name} is larger than a double can hold")
    return converted


def _of_type(value: Any, name: str, *accepted: type) -> Any:
    if value is None or type(value) in accepted:
        return value
    raise RecordRejected(
        Rejection.WRONG_TYPE,
        f"{name} is {_name_of(value)}, expected {' or '.join(_NAMES[t] for t in accepted)}",
    )


_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a truth value",
    int: "a whole number",
    float: "a number",
}


def _name_of(value: Any) -> str:
    return _NAMES.get(type(value), "null")
