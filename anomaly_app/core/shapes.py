"""The documented shapes of a transaction, read with care rather than speed.

::

    {"id": 7, "entity": "card-1", "time": "2026-01-05T10:00:00Z", "features": {"amount": 12.5}}
    {"id": 7, "entity": "card-1", "time": 1767607200, "features": [12.5, "food"]}
    {"id": 7, "data": [[0.1, 2.3]], "current_time": "2026-01-05T10:00:00Z"}
    {"value1": 0.1, "value2": 2.3}
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

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
    fields = _parse(value)
    time = fields.get("time", fields.get("current_time"))
    return Shape(
        id=_of_type(fields.get("id"), "id", str, int),
        entity=_of_type(fields.get("entity"), "entity", str, int),
        time=_of_type(time, "time", str, int, float),
        row=_read_row(fields, features),
    )


def _parse(value: bytes) -> Mapping[str, Any]:
    try:
        fields = msgspec.json.decode(value)
    except RecursionError:
        raise RecordRejected(Rejection.NOT_JSON, "nested too deeply") from None
    except msgspec.ValidationError as fault:
        raise RecordRejected(Rejection.NOT_FINITE, str(fault)) from None
    except ValueError as fault:
        raise RecordRejected(Rejection.NOT_JSON, str(fault)) from None
    if not isinstance(fields, dict):
        raise RecordRejected(
            Rejection.NOT_AN_OBJECT, f"expected an object, found {_name_of(fields)}"
        )
    return fields


def _read_row(fields: Mapping[str, Any], features: Sequence[Feature]) -> list[FeatureValue]:
    if (named := fields.get("features")) is not None:
        if isinstance(named, dict):
            return [_read(feature, named.get(feature.name)) for feature in features]
        return _read_list(named, "features", features)
    if (rows := fields.get("data")) is not None:
        if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], list):
            rows = rows[0]
        return _read_list(rows, "data", features)
    return [_read(feature, fields.get(feature.name)) for feature in features]


def _read_list(values: Any, name: str, features: Sequence[Feature]) -> list[FeatureValue]:
    if not isinstance(values, list):
        raise RecordRejected(
            Rejection.WRONG_TYPE, f"{name} is {_name_of(values)}, expected an object or a list"
        )
    if len(values) != len(features):
        raise RecordRejected(
            Rejection.WRONG_LENGTH,
            f"{name} has {len(values)} values, the model has {len(features)} features",
        )
    return [_read(feature, value) for feature, value in zip(features, values, strict=True)]


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
