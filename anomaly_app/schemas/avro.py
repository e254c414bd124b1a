"""Avro to JSON, with the schema that the record was written with.

fastavro trusts the bytes that it reads. By itself it crashes the process on a schema that refers
to itself, spends minutes on the digits of a long decimal, and uses up all memory for an array of
2^60 items that take no bytes. So it gets schemas in which none of this can happen.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import fastavro
from fastavro import _read_py
from fastavro.read import LOGICAL_READERS

from anomaly_app.core.decoding.framing import Reader
from anomaly_app.errors import SchemaUnreadable
from anomaly_app.schemas import values

Schema = Any
"""A schema as parsed JSON."""

DEEPEST_SCHEMA = 100
"""Levels of a schema that are read: fastavro recurses without a limit."""

PREFIX = "anomaly-app-"
"""Prefix of the app's logical types: fastavro's own raise if a time is out of range."""


LogicalReader = Callable[[Any, Schema, Schema], Any]
"""Converts a value of an Avro type, given its schema and the reader's, which is always None."""


def _decimal(data: bytes, schema: Schema, _: Schema = None) -> Any:
    return values.decimal(data, schema.get("scale", 0))


def _uuid(data: bytes, *_: Schema) -> Any:
    return UUID(bytes=data)


def _day(count: int, *_: Schema) -> Any:
    return values.day(count)


def _time(unit: timedelta) -> LogicalReader:
    return lambda count, *_: values.time_of_day(count, unit)


def _timestamp(unit: timedelta, begin: datetime, parts: int = 1) -> LogicalReader:
    return lambda count, *_: values.timestamp(count // parts, unit, begin=begin)


LOGICAL_TYPES: dict[str, LogicalReader] = {
    "bytes-decimal": _decimal,
    "fixed-decimal": _decimal,
    "fixed-uuid": _uuid,
    "int-date": _day,
    "int-time-millis": _time(values.MILLISECOND),
    "long-time-micros": _time(values.MICROSECOND),
    "long-timestamp-millis": _timestamp(values.MILLISECOND, values.EPOCH),
    "long-timestamp-micros": _timestamp(values.MICROSECOND, values.EPOCH),
    "long-timestamp-nanos": _timestamp(values.MICROSECOND, values.EPOCH, 1_000),
    "long-local-timestamp-millis": _timestamp(values.MILLISECOND, values.NAIVE_EPOCH),
    "long-local-timestamp-micros": _timestamp(values.MICROSECOND, values.NAIVE_EPOCH),
    "long-local-timestamp-nanos": _timestamp(values.MICROSECOND, values.NAIVE_EPOCH, 1_000),
}
"""Converters by Avro type and logical type."""

for _name, _read in LOGICAL_TYPES.items():
    LOGICAL_READERS[_name.replace("-", f"-{PREFIX}", 1)] = _read


def avro_reader(schema: str, references: Mapping[str, str]) -> Reader:
    """Make a reader for a schema.

    Parameters
    ----------
    schema
        The schema, as JSON.
    references
        Schemas that it refers to, each after its own references.

    Raises
    ------
    SchemaUnreadable
        With this schema a few bytes could become any number of values, or it is nested too deeply.
    Exception
        It is not a valid schema; fastavro raises many types.
    """
    names: dict[str, Schema] = {}
    for text in references.values():
        fastavro.parse_schema(_prepare(json.loads(text)), names)
    parsed = _rooted(fastavro.parse_schema(_prepare(json.loads(schema)), names), names)
    survey = _Survey(names)
    survey.may_be_empty(parsed)
    # The compiled reader has no limit on recursion; Python does.
    decode = _read_py.schemaless_reader if survey.refers_to_itself else fastavro.schemaless_reader

    def read(body: bytes) -> bytes:
        source = BytesIO(body)
        value = decode(source, parsed, None)
        if left := len(body) - source.tell():
            raise ValueError(f"{left:,} bytes are left over")
        return values.write_json(value)

    return read


def _rooted(schema: Schema, names: Mapping[str, Schema]) -> Schema:
    """Return a parsed schema with the types that it names, even if it is only a name."""
    if isinstance(schema, list):
        return [_rooted(one, names) for one in schema]
    if isinstance(schema, str) and schema not in names:
        return schema
    found = names[schema] if isinstance(schema, str) else schema
    # fastavro's own marks of a parsed schema, by which it finds the named types.
    return {**found, "__fastavro_parsed": True, "__named_schemas": names}


def _prepare(schema: Schema, depth: int = 0) -> Schema:
    """Copy the parts of a schema that reading needs, with the app's own logical types."""
    if depth > DEEPEST_SCHEMA:
        raise SchemaUnreadable(f"it is nested more than {DEEPEST_SCHEMA} levels deep")
    if isinstance(schema, list):
        return [_prepare(one, depth + 1) for one in schema]
    if not isinstance(schema, dict):
        return schema
    prepared = {
        key: schema[key]
        for key in ("name", "namespace", "symbols", "size", "scale", "precision")
        if key in schema
    }
    for key in ("type", "items", "values", "fields"):
        if key in schema:
            prepared[key] = _prepare(schema[key], depth + 1)
    logical = f"{schema.get('type')}-{schema.get('logicalType')}"
    if logical in LOGICAL_TYPES:
        prepared["logicalType"] = PREFIX + str(schema["logicalType"])
    return prepared


class _Survey:
    """Searches a parsed schema for constructs that could be used to attack a reader.

    Parameters
    ----------
    names
        The named types.
    """

    def __init__(self, names: Mapping[str, Schema]) -> None:
        self.refers_to_itself = False
        self._names = names
        self._open: set[str] = set()
        self._known: dict[str, bool] = {}

    def may_be_empty(self, schema: Schema) -> bool:
        """Whether a value may take no bytes; arrays of such values are refused."""
        if isinstance(schema, list):
            for one in schema:
                self.may_be_empty(one)
            return False
        if isinstance(schema, str):
            return schema == "null" or (schema in self._names and self._named(schema))
        kind = schema["type"]
        if kind in {"record", "error"}:
            return self._named(schema["name"])
        if kind == "fixed":
            return bool(schema["size"] == 0)
        if kind == "array" and self.may_be_empty(schema["items"]):
            raise SchemaUnreadable("it has an array of items that take no bytes")
        if kind == "map":
            self.may_be_empty(schema["values"])
        return kind not in {"array", "map", "enum"} and self.may_be_empty(kind)

    def _named(self, name: str) -> bool:
        schema = self._names[name]
        if schema["type"] not in {"record", "error"}:
            return self.may_be_empty(schema)
        if name in self._open:
            self.refers_to_itself = True
            return False
        if name not in self._known:
            self._open.add(name)
            empty = [self.may_be_empty(field["type"]) for field in schema["fields"]]
            self._open.remove(name)
            self._known[name] = all(empty)
        return self._known[name]
