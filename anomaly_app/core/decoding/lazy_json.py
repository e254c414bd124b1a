"""JSON objects, opened as far as they are looked into."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from anomaly_app.errors import RecordRejected, Rejection

Fields = Mapping[str, msgspec.Raw]
"""Names and JSON: what is not looked at is not made into objects, however much of it there is."""

EMPTY: Mapping[bytes, Any] = {b"{": {}, b"[": []}
"""What stands for an object or a list, which nothing takes for a value."""

read_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
read_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_scalar = msgspec.json.Decoder(bool | int | float | str | None).decode


class Object:
    """A JSON object; nested ones are opened once, when a path leads into them.

    Parameters
    ----------
    fields
        Its names and their JSON.
    """

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self._opened: dict[str, Object | None] = {}

    def get(self, name: str) -> msgspec.Raw | None:
        """Give the JSON of a field, or of the nested one that a name with dots leads to."""
        found = self.fields.get(name)
        if found is None and "." in name:
            parent, _, last = name.rpartition(".")
            inner = self.at(parent)
            return inner.fields.get(last) if inner else None
        return found

    def at(self, path: str) -> "Object | None":
        """Open the object that a path of names leads to; None where there is none."""
        if path not in self._opened:
            inner: Object | None = self
            for name in path.split("."):
                inner = inner.inner(name) if inner else None
            self._opened[path] = inner
        return self._opened[path]

    def inner(self, name: str) -> "Object | None":
        """Open the object in a field; None where it holds none."""
        found = self.fields.get(name)
        if found is None or kind_of(found) != b"{":
            return None
        return Object(read_fields(found))


def kind_of(part: msgspec.Raw) -> bytes:
    """Give the first character of a field's JSON, which tells an object and a list."""
    return bytes(part)[:1]


def is_given(part: msgspec.Raw | None) -> bool:
    """Tell whether a field is there and not null."""
    return part is not None and bytes(part) != b"null"


def scalar(part: msgspec.Raw | bytes | None) -> Any:
    """Read a scalar; for an object or a list an empty one stands.

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
    """Put fields with dots in their names where `Object.get` finds them: into objects.

    A field stays beside the others under its whole name where a path would lead through another.
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
    """Tell whether fields that may show another layout are neither objects, lists nor null."""
    return all(json is None or kind_of(json) not in {b"{", b"[", b"n"} for json in strays)
