"""What serializers with a schema registry write before a value: a zero byte and a schema's id."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from anomaly_app.errors import RecordRejected, Rejection

MAGIC = 0
FRAME = 5
"""Bytes: the magic one, and the schema's id as a big-endian number of four."""

Reader: TypeAlias = Callable[[bytes], bytes]
"""From the bytes behind the frame to JSON. What raises is a bad record."""

Readers: TypeAlias = Mapping[int, Reader]
"""By the id of a schema."""

NO_READERS: Readers = {}


def unframe(value: bytes, readers: Readers) -> bytes:
    """Give a record's value as JSON, where it is framed; any other value as it is.

    Parameters
    ----------
    value
        Of a record.
    readers
        For values that are no JSON behind the frame.

    Raises
    ------
    RecordRejected
        There is no reader for it, or the reader does not take it.
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
        f"schema {schema} of a registry: install anomaly-app[registry] and set "
        "ANOMALY_SCHEMA_REGISTRY",
    )


def schemas_of(values: Iterable[bytes | None]) -> set[int]:
    """Give the ids of the schemas that framed values name."""
    return {_id(v) for v in values if v is not None and len(v) > FRAME and v[0] == MAGIC}


def _id(value: bytes) -> int:
    return int.from_bytes(value[1:FRAME], "big")
