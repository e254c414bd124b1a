"""Records as a producer writes them in Protobuf, with Google's own library."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto as File
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from anomaly_app.schemas.descriptors import KNOWN
from anomaly_app.schemas.protobuf import protobuf_reader
from tests.support.avro import long


def file_of(text: str, *, name: str = "shop.proto", syntax: str = "proto3") -> File:
    """Make the descriptor of a file from protoc's own text of it, in the package `shop`."""
    file = File(name=name, package="shop", syntax=syntax)
    return text_format.Merge(text, file)


def message(name: str, *fields: str, more: str = "") -> str:
    """Write a message: its fields as ``name type``, with their numbers in order."""
    written = "".join(_field(number, field) for number, field in enumerate(fields, start=1))
    return f'message_type {{ name: "{name}" {written} {more} }}'


def _field(number: int, text: str) -> str:
    """Write ``name type``, ``name repeated type`` or ``name type more of the descriptor's``."""
    name, *rest = text.split(" ")
    label = "LABEL_REPEATED" if rest[0] == "repeated" else "LABEL_OPTIONAL"
    kind, *more = rest[1:] if rest[0] == "repeated" else rest
    if kind.startswith("."):
        kind = f'TYPE_MESSAGE type_name: "{kind}"'
    elif kind.startswith("enum"):
        kind = f'TYPE_ENUM type_name: "{kind.removeprefix("enum")}"'
    else:
        kind = f"TYPE_{kind.upper()}"
    options = " ".join(more)
    return f'field {{ name: "{name}" number: {number} label: {label} type: {kind} {options} }}'


def text_of(file: File) -> str:
    """Write a descriptor as registries give it."""
    return base64.b64encode(file.SerializeToString()).decode()


def class_of(name: str, *files: File) -> Any:
    """Give the class of a message, as generated code has it."""
    pool = DescriptorPool()
    for known in KNOWN:
        pool.AddSerializedFile(KNOWN[known])
    for file in files:
        pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(name))


def pathed(body: bytes, path: Sequence[int] = (0,)) -> bytes:
    """Put before a message which one of its file it is."""
    if list(path) == [0]:
        return b"\0" + body
    return b"".join(map(long, (len(path), *path))) + body


def read(file: File, body: bytes, **imported: File) -> Any:
    """Read bytes as a worker does, and give what JSON makes of them."""
    texts = {f"{name}.proto": text_of(one) for name, one in imported.items()}
    return json.loads(protobuf_reader(text_of(file), texts)(body))
