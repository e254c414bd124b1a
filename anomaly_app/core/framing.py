"""What serializers with a schema registry write before a value: a zero byte and a schema's id."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

MAGIC = 0
FRAME = 5
"""Bytes: the magic one, and the schema's id as a big-endian number of four."""

Readers: TypeAlias = Mapping[int, Callable[[bytes], bytes]]
"""By the id of a schema: from the bytes behind the frame to JSON. What raises is a bad record."""

NO_READERS: Readers = {}


def unframe(value: bytes, readers: Readers) -> bytes:
    """Give a record's value as JSON, where it is framed; any other value as it is.

    Parameters
    ----------
    value
        Of a record.
    readers
        For values that are no JSON behind the frame.
    """
    if len(value) <= FRAME or value[0] != MAGIC:
        return value
    body = value[FRAME:]
    if (reader := readers.get(int.from_bytes(value[1:FRAME], "big"))) is not None:
        return reader(body)
    return body if body.lstrip()[:1] == b"{" else value
