"""The prefix that schema registry serializers write: a zero byte and the schema's id."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from anomaly_app.errors import RecordRejected, Rejection

MAGIC = 0
FRAME = 5
"""Bytes of the frame: the magic byte, and the schema's id as four big-endian bytes."""

Reader: TypeAlias = Callable[[bytes], bytes]
"""Converts the bytes after the frame to JSON; raises for a bad record."""

Readers: TypeAlias = Mapping[int, Reader]
"""Readers by schema id."""

NO_READERS: Readers = {}


def unframe(value: bytes, readers: Readers) -> bytes:
    """Return a framed value as JSON, and any other value unchanged.

    Parameters
    ----------
    value
        The value of a record.
    readers
        Readers for values that are not JSON after the frame.

    Raises
    ------
    RecordRejected
        There is no reader for it, or the reader rejects it.
    """
    if len(value) <= FRAME or value[0] != MAGIC:
        return value
    schema, body = _id(value), value[FRAME:]
    if (reader := readers.get(schema)) is not None:
        return reader(body)
    if body.lstrip()[:1] == b"{":
        return body
    raise RecordRejected(
        Rejection.NO_SCHEMA,
        f"the value needs schema {schema} of a schema registry: install anomaly-app[registry] "
        "and set ANOMALY_SCHEMA_REGISTRY",
    )


def schemas_of(values: Iterable[bytes | None]) -> set[int]:
    """Return the schema ids in framed values."""
    return {_id(v) for v in values if v is not None and len(v) > FRAME and v[0] == MAGIC}


def _id(value: bytes) -> int:
    return int.from_bytes(value[1:FRAME], "big")
