"""JSON objects that are only parsed as far as they are read."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from anomaly_app.errors import RecordRejected, Rejection

Fields = Mapping[str, msgspec.Raw]
"""Names and their raw JSON: whatever is not read is never turned into Python objects."""

EMPTY: Mapping[bytes, Any] = {b"{": {}, b"[": []}
"""Placeholders for an object or a list, which are never valid values."""

read_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
read_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_scalar = msgspec.json.Decoder(bool | int | float | str | None).decode


class Object:
    """A JSON object; a nested object is parsed once, when it is first needed.

    Parameters
    ----------
    fields
        The names of the fields and their JSON.
    """

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self._opened: dict[str, Object | None] = {}

    def get(self, name: str) -> msgspec.Raw | None:
        """Return the JSON of a field, or of the nested field at a dotted path."""
        found = self.fields.get(name)
        if found is None and "." in name:
            parent, _, last = name.rpartition(".")
            inner = self.at(parent)
            return inner.fields.get(last) if inner else None
        return found

    def at(self, path: str) -> "Object | None":
        """Return the object at a path; None if there is none."""
        if path not in self._opened:
            inner: Object | None = self
            for name in path.split("."):
                inner = inner.inner(name) if inner else None
            self._opened[path] = inner
        return self._opened[path]

    def inner(self, name: str) -> "Object | None":
        """Return the object in a field; None if it does not hold one."""
        found = self.fields.get(name)
        if found is None or kind_of(found) != b"{":
            return None
        return Object(read_fields(found))


def kind_of(part: msgspec.Raw) -> bytes:
    """Return the first character of a field's JSON, which identifies objects and lists."""
    return bytes(part)[:1]


def is_given(part: msgspec.Raw | None) -> bool:
    """Return whether a field is present and not null."""
    return part is not None and bytes(part) != b"null"


def scalar(part: msgspec.Raw | bytes | None) -> Any:
    """Read a scalar; objects and lists are read as empty ones.

    Raises
    ------
    RecordRejected
        It is a number that a double cannot hold.
    """
    if part is None:
        return None
    try:
        return _read_scalar(part)
    except msgspec.ValidationError as fault:
        if (kind := bytes(part)[:1]) in EMPTY:
            return EMPTY[kind]
        raise RecordRejected(Rejection.NOT_FINITE, str(fault)) from None


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Move fields with dots in their names into nested objects, where `Object.get` finds them.

    A field keeps its dotted name if its path would lead through another field.
    """
    made: dict[str, Any] = {}
    for name, value in fields.items():
        *parents, last = name.split(".")
        paths = (".".join(parents[:depth]) for depth in range(1, len(parents) + 1))
        if any(path in fields for path in paths):
            made[name] = value
            continue
        within = made
        for parent in parents:
            within = within.setdefault(parent, {})
        within[last] = value
    return made


def is_harmless(strays: Sequence[msgspec.Raw | None]) -> bool:
    """Return whether no field that may indicate another layout is an object, a list or null."""
    return all(json is None or kind_of(json) not in {b"{", b"[", b"n"} for json in strays)
