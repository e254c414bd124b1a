"""Protobuf to JSON, with the field names of the source.

A field without presence, such as numbers and strings in proto3, has its default if it was not
sent, since senders leave defaults out. Other fields are left out if they are not set.
"""

from collections.abc import Mapping

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from anomaly_app.core.decoding.framing import Reader
from anomaly_app.schemas import values
from anomaly_app.schemas.descriptors import messages_of
from anomaly_app.schemas.messages import Convert, Converters

MOST_LEVELS = 100
"""Deepest path to a nested type in a frame; Protobuf reads messages no deeper either."""


def protobuf_reader(schema: str, references: Mapping[str, str]) -> Reader:
    """Make a reader for a schema.

    Parameters
    ----------
    schema
        The descriptor of a file, in base64.
    references
        The descriptors of the files that it imports, by name.

    Raises
    ------
    SchemaUnreadable
        It is not a descriptor, or imports a file that is missing.
    """
    top = messages_of(schema, references)
    converters = Converters()
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
        # Never more entries than the schema has messages.
        kind = kinds.get(path) or kinds.setdefault(path, kind_of(path))
        message = kind[0].FromString(body[begin:])
        return values.write_json(kind[1](message))

    return read


def _path(body: bytes) -> tuple[tuple[int, ...], int]:
    """Read which message type of the schema follows, and where the message begins."""
    count, position = _zigzag(body, 0)
    if count == 0:
        return (0,), position
    if not 0 < count <= MOST_LEVELS:
        raise ValueError("it names no message of the schema")
    path = []
    for _ in range(count):
        index, position = _zigzag(body, position)
        path.append(index)
    return tuple(path), position


def _zigzag(body: bytes, position: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 35, 7):
        byte = body[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  # the last of its bytes
            return number >> 1 ^ -(number & 1), position
    raise ValueError("a number of more than five bytes")
