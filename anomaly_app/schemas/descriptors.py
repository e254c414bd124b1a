"""Protobuf files, assembled from their descriptors."""

import base64
import binascii
from collections.abc import Mapping

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
from google.protobuf.message import DecodeError

from anomaly_app.errors import SchemaUnreadable, describe

KNOWN = {
    module.DESCRIPTOR.name: module.DESCRIPTOR.serialized_pb
    for module in (
        *(any_pb2, descriptor_pb2, duration_pb2, empty_pb2, field_mask_pb2, source_context_pb2),
        *(struct_pb2, timestamp_pb2, type_pb2, api_pb2, wrappers_pb2),
    )
}
"""Files that come with Protobuf: registries do not list them as references."""


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


def messages_of(schema: str, references: Mapping[str, str]) -> list[Descriptor]:
    """Return the messages of a file, in their order.

    Parameters
    ----------
    schema
        The descriptor of the file, in base64.
    references
        The descriptors of the files that it imports, by name.

    Raises
    ------
    SchemaUnreadable
        It is not a descriptor, or imports a file that is missing.
    """
    main = _descriptor(schema)
    pool = DescriptorPool()
    _Files(pool, {name: _descriptor(text) for name, text in references.items()}).add(main)
    return [
        pool.FindMessageTypeByName(f"{main.package}.{one.name}".lstrip("."))
        for one in main.message_type
    ]


def _descriptor(text: str) -> descriptor_pb2.FileDescriptorProto:
    try:
        return descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, DecodeError):
        raise SchemaUnreadable(
            "the registry returns it as source text, not as a descriptor"
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
            It needs a file that is missing.
        """
        self._added.add(file.name)
        missing = [name for name in file.dependency if not self._import(name)]
        if missing:
            # Files imported only for options, such as Confluent's own, are not needed.
            public = {file.dependency[index] for index in file.public_dependency}
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
                else (f"is not a Protobuf schema ({describe(fault)})")
            )
            raise SchemaUnreadable(f"it {lacks}") from None

    def _import(self, name: str) -> bool:
        if name in self._added:
            return True
        if name in self._given:
            file = self._given[name]
            # The registry may have it under another name.
            file.name = name
            self.add(file)
        elif name in KNOWN:
            self.add(descriptor_pb2.FileDescriptorProto.FromString(KNOWN[name]))
        return name in self._added
