"""Protobuf messages as values that can be written as JSON."""

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from anomaly_app.schemas import values

Convert = Callable[[Any], Any]


class Converters:
    """Makes, for each message type, a function that converts messages to JSON-compatible values."""

    def __init__(self) -> None:
        self._made: dict[str, Convert] = {}

    def of(self, message: Descriptor) -> Convert:
        """Return the converter of a type, which may refer to itself."""
        name: str = message.full_name
        if name in SPECIAL:
            return SPECIAL[name]
        if name not in self._made:
            # The entry comes first: a field of the same type looks it up again.
            self._made[name] = lambda value: self._made[name](value)  # noqa: PLW0108
            self._made[name] = self._make(message)
        return self._made[name]

    def _make(self, message: Descriptor) -> Convert:
        names: dict[int, str] = {field.number: field.name for field in message.fields}
        converts = {field.number: self._field(field) for field in message.fields}
        defaults = {
            field.name: self._default(field) for field in message.fields if not field.has_presence
        }

        def convert(value: Message) -> dict[str, Any]:
            found = defaults.copy()
            for field, set_to in value.ListFields():
                number = field.number
                if number in names and not field.is_extension:
                    make = converts[number]
                    found[names[number]] = set_to if make is None else make(set_to)
            return found

        return convert

    def _default(self, field: FieldDescriptor) -> Any:
        if field.is_repeated:
            return {} if _is_map(field) else []
        one = self._one(field)
        return field.default_value if one is None else one(field.default_value)

    def _field(self, field: FieldDescriptor) -> Convert | None:
        """Return the converter of a field's value; None if the value needs none."""
        if _is_map(field):
            one = self._one(field.message_type.fields_by_name["value"])
            return lambda items: {
                _key(key): items[key] if one is None else one(items[key]) for key in items
            }
        one = self._one(field)
        if field.is_repeated:
            return lambda items: [*items] if one is None else [one(item) for item in items]
        return one

    def _one(self, field: FieldDescriptor) -> Convert | None:
        if field.message_type is not None:
            return self.of(field.message_type)
        if field.enum_type is not None:
            names = {number: one.name for number, one in field.enum_type.values_by_number.items()}
            return lambda number: names.get(number, number)
        return None


def _is_map(field: FieldDescriptor) -> bool:
    kind = field.message_type
    return bool(kind is not None and kind.GetOptions().map_entry)


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _timestamp(value: Any) -> Any:
    time = values.timestamp(value.seconds, values.SECOND)
    return (
        value.seconds if isinstance(time, int) else time + value.nanos // 1_000 * values.MICROSECOND
    )


def _struct_value(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _struct(value.struct_value)
    if kind == "list_value":
        return _list(value.list_value)
    return None if kind in {None, "null_value"} else getattr(value, kind)


def _struct(value: Any) -> dict[str, Any]:
    return {key: _struct_value(value.fields[key]) for key in value.fields}


def _list(value: Any) -> list[Any]:
    return [_struct_value(item) for item in value.values]


SPECIAL: dict[str, Convert] = {
    "confluent.type.Decimal": lambda value: values.decimal(value.value, value.scale),
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": lambda value: value.seconds + value.nanos / 1e9,
    "google.protobuf.Struct": _struct,
    "google.protobuf.Value": _struct_value,
    "google.protobuf.ListValue": _list,
    **{
        f"google.protobuf.{kind}Value": lambda value: value.value
        for kind in (
            *("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"),
        )
    },
}
"""Message types that are written as a single JSON value."""
