"""From Protobuf to JSON, with the names of the fields as they are in the source.

A field without presence, as numbers and texts of proto3 are, has its default where it was not
sent, since that is how senders write it; all others are left out where they are not set.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import (
    any_pb2,
    api_pb2,
    descriptor_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    source_context_pb2,
    struct_pb2,
    timestamp_pb2,
    type_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from anomaly_app.core.errors import SchemaUnreadable, describe
from anomaly_app.core.framing import Reader
from anomaly_app.schemas import values

Convert = Callable[[Any], Any]

MOST_LEVELS = 100
"""Of nested types, in the frame's path to one; Protobuf reads messages no deeper either."""

KNOWN = {
    module.DESCRIPTOR.name: module.DESCRIPTOR.serialized_pb
    for module in (
        *(any_pb2, descriptor_pb2, duration_pb2, empty_pb2, field_mask_pb2, source_context_pb2),
        *(struct_pb2, timestamp_pb2, type_pb2, api_pb2, wrappers_pb2),
    )
}
"""Files that come with Protobuf: registries do not list them among the references."""


DECIMAL, FORMER_DECIMAL = "confluent/type/decimal.proto", "confluent/types/decimal.proto"
"""Files of Confluent's decimal number, which registries do not list either."""


def _decimal_file() -> bytes:
    file = descriptor_pb2.FileDescriptorProto(
        name=DECIMAL, package="confluent.type", syntax="proto3"
    )
    message = file.message_type.add(name="Decimal")
    for number, (field, kind) in enumerate(
        (
            ("value", FieldDescriptor.TYPE_BYTES),
            ("precision", FieldDescriptor.TYPE_UINT32),
            ("scale", FieldDescriptor.TYPE_INT32),
        ),
        start=1,
    ):
        message.field.add(
            name=field, number=number, type=kind, label=FieldDescriptor.LABEL_OPTIONAL
        )
    return bytes(file.SerializeToString())


def _former_decimal_file() -> bytes:
    file = descriptor_pb2.FileDescriptorProto(
        name=FORMER_DECIMAL, dependency=[DECIMAL], public_dependency=[0]
    )
    return bytes(file.SerializeToString())


KNOWN |= {DECIMAL: _decimal_file(), FORMER_DECIMAL: _former_decimal_file()}


def protobuf_reader(schema: str, references: Mapping[str, str]) -> Reader:
    """Make the reader of a schema.

    Parameters
    ----------
    schema
        The descriptor of a file, in base64.
    references
        The same of the files that it imports, by their names.

    Raises
    ------
    SchemaUnreadable
        It is no descriptor, or imports what is not there.
    """
    main = _descriptor(schema)
    files = {name: _descriptor(text) for name, text in references.items()}
    pool = DescriptorPool()
    _Files(pool, files).add(main)
    top = [
        pool.FindMessageTypeByName(f"{main.package}.{one.name}".lstrip("."))
        for one in main.message_type
    ]
    converters = _Converters()
    kinds: dict[tuple[int, ...], tuple[type[Message], Convert]] = {}

    def kind_of(path: tuple[int, ...]) -> tuple[type[Message], Convert]:
        found: Descriptor | None = None
        for index in path:
            among = top if found is None else found.nested_types
            if not 0 <= index < len(among):
                raise ValueError(f"the schema has no message {'.'.join(map(str, path))}")
            found = among[index]
        if found is None:
            raise ValueError("it names no message of the schema")
        return GetMessageClass(found), converters.of(found)

    def read(body: bytes) -> bytes:
        path, begin = _path(body)
        # As many at most as the schema has messages.
        kind = kinds.get(path) or kinds.setdefault(path, kind_of(path))
        message = kind[0].FromString(body[begin:])
        return values.write_json(kind[1](message))

    return read


def _descriptor(text: str) -> descriptor_pb2.FileDescriptorProto:
    try:
        return descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, DecodeError):
        raise SchemaUnreadable(
            "the registry gives it as source text, not as a descriptor"
        ) from None


class _Files:
    """Adds files to a pool, each after those that it imports."""

    def __init__(
        self, pool: DescriptorPool, given: Mapping[str, descriptor_pb2.FileDescriptorProto]
    ) -> None:
        self._pool = pool
        self._given = given
        self._added: set[str] = set()

    def add(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        """Add a file.

        Raises
        ------
        SchemaUnreadable
            It needs what is not there.
        """
        self._added.add(file.name)
        missing = [name for name in file.dependency if not self._import(name)]
        if missing:
            # What is imported for options only, such as Confluent's own, is not needed.
            public = {file.dependency[place] for place in file.public_dependency}
            there = [name for name in file.dependency if name not in missing]
            del file.dependency[:], file.public_dependency[:], file.weak_dependency[:]
            file.dependency.extend(there)
            file.public_dependency.extend(i for i, name in enumerate(there) if name in public)
        try:
            self._pool.AddSerializedFile(file.SerializeToString())
            self._pool.FindFileByName(file.name)
        except (TypeError, KeyError) as fault:
            lacks = (
                f"imports {', '.join(missing)}, which the registry lacks"
                if missing
                else (f"is no Protobuf schema ({describe(fault)})")
            )
            raise SchemaUnreadable(f"it {lacks}") from None

    def _import(self, name: str) -> bool:
        if name in self._added:
            return True
        if name in self._given:
            file = self._given[name]
            # The registry's own name of it may be another one.
            file.name = name
            self.add(file)
        elif name in KNOWN:
            self.add(descriptor_pb2.FileDescriptorProto.FromString(KNOWN[name]))
        return name in self._added


def _path(body: bytes) -> tuple[tuple[int, ...], int]:
    """Read which message of the schema follows, and where it begins."""
    count, place = _zigzag(body, 0)
    if count == 0:
        return (0,), place
    if not 0 < count <= MOST_LEVELS:
        raise ValueError("it names no message of the schema")
    path = []
    for _ in range(count):
        index, place = _zigzag(body, place)
        path.append(index)
    return tuple(path), place


def _zigzag(body: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 35, 7):
        byte = body[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  # the last of its bytes
            return number >> 1 ^ -(number & 1), place
    raise ValueError("a number of more than five bytes")


class _Converters:
    """Makes for each type of message what turns one into a value that can be written as JSON."""

    def __init__(self) -> None:
        self._made: dict[str, Convert] = {}

    def of(self, message: Descriptor) -> Convert:
        """Give the converter of a type; it may refer to itself."""
        name: str = message.full_name
        if name in SPECIAL:
            return SPECIAL[name]
        if name not in self._made:
            # Its place is taken first: a field of the type asks for it again.
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
        """Give what converts a field's value; None where it is taken as it is."""
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
"""Types that stand for one value of JSON's."""
