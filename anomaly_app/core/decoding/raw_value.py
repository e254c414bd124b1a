"""A record's value before it is read: its size, its encoding, and the frame around the JSON."""

from anomaly_app.core.decoding.framing import FRAME, MAGIC, Readers, unframe
from anomaly_app.errors import RecordRejected, Rejection, describe

FRAMED = bytes([MAGIC])
"""What begins a value with a schema's id."""


def unframed(value: bytes, readers: Readers, max_bytes: int) -> bytes:
    """Give a value as JSON, without what a schema registry's serializer wrote before it.

    Raises
    ------
    RecordRejected
        There is no JSON, or the value is too large.
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
        detail = f"it does not fit its schema {schema}: {describe(fault)}"
        raise RecordRejected(Rejection.SCHEMA_MISMATCH, detail) from fault
    if found[:1] == FRAMED:
        detail = f"it begins with the number of a schema ({schema}), and there is no JSON behind it"
        raise RecordRejected(Rejection.NOT_JSON, detail)
    return found


def check(value: bytes, max_bytes: int) -> None:
    """Refuse what is too large or not UTF-8.

    Raises
    ------
    RecordRejected
        It is either.
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
    return RecordRejected(
        Rejection.TOO_LARGE, f"{len(value):,} bytes, at most {max_bytes:,} are read"
    )
