"""Checks of a record's value before it is parsed: its size, its encoding and its frame."""

from anomaly_app.core.decoding.framing import FRAME, MAGIC, Readers, unframe
from anomaly_app.errors import RecordRejected, Rejection, describe

FRAMED = bytes([MAGIC])
"""First byte of a value with a schema id."""


def unframed(value: bytes, readers: Readers, max_bytes: int) -> bytes:
    """Return a framed value as JSON, without the prefix of the schema registry's serializer.

    Raises
    ------
    RecordRejected
        It is not followed by JSON, or the value is too large.
    """
    if value[:1] != FRAMED:
        return value
    if len(value) > max_bytes:
        raise _too_large(value, max_bytes)
    schema = int.from_bytes(value[1:FRAME], "big")
    try:
        found = unframe(value, readers)
    except RecordRejected:
        raise
    except Exception as fault:
        detail = f"it does not match its schema {schema}: {describe(fault)}"
        raise RecordRejected(Rejection.SCHEMA_MISMATCH, detail) from fault
    if found[:1] == FRAMED:
        detail = f"it begins with a schema id ({schema}), but no JSON follows"
        raise RecordRejected(Rejection.NOT_JSON, detail)
    return found


def check(value: bytes, max_bytes: int) -> None:
    """Reject a value that is too large or not UTF-8.

    Raises
    ------
    RecordRejected
        The value is too large or not UTF-8.
    """
    if len(value) > max_bytes:
        raise _too_large(value, max_bytes)
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        raise RecordRejected(
            Rejection.NOT_UTF8, f"byte {fault.start} of {len(value):,} is not UTF-8"
        ) from None


def _too_large(value: bytes, max_bytes: int) -> RecordRejected:
    return RecordRejected(Rejection.TOO_LARGE, f"{len(value):,} bytes, the limit is {max_bytes:,}")
