"""Records as a producer writes them in Avro, with fastavro's own writer."""

import json
from io import BytesIO
from typing import Any

import fastavro

from anomaly_app.schemas.avro import avro_reader

TRANSACTION = {
    "type": "record",
    "name": "Transaction",
    "namespace": "shop",
    "fields": [
        {"name": "amount", "type": "double"},
        {"name": "shop", "type": ["null", "string"], "default": None},
    ],
}
"""Of the features that the tests' model has."""


def record_of(*fields: Any, name: str = "R") -> dict[str, Any]:
    """Make the schema of a record: its fields are named f0, f1 and so on."""
    made = [{"name": f"f{place}", "type": field} for place, field in enumerate(fields)]
    return {"type": "record", "name": name, "fields": made}


def written(schema: Any, value: Any) -> bytes:
    """Write a value as it stands behind the frame."""
    stream = BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), value)
    return stream.getvalue()


def read(schema: Any, body: bytes, **references: Any) -> Any:
    """Read bytes as a worker does, and give what JSON makes of them."""
    texts = {name: json.dumps(one) for name, one in references.items()}
    return json.loads(avro_reader(json.dumps(schema), texts)(body))


def framed(schema: int, body: bytes) -> bytes:
    """Put the frame of a registry's serializers before bytes."""
    return b"\0" + schema.to_bytes(4, "big") + body


def long(number: int) -> bytes:
    """Write a number as Avro and Protobuf's frame do: zigzag, seven bits a byte."""
    left = number << 1 if number >= 0 else ~(number << 1)
    written = b""
    while left > 0x7F:
        written += bytes([left & 0x7F | 0x80])
        left >>= 7
    return written + bytes([left])
