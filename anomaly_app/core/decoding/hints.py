"""What a dead letter says where a record holds none of the features: what it has, what to do."""

import shlex
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from anomaly_app.core.decoding.lazy_json import Object, is_given, kind_of
from anomaly_app.core.decoding.wire import DEBEZIUM, PLAIN, Wire
from anomaly_app.core.roles.column_names import plain_name
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.visible import listed
from anomaly_app.errors import DataError

FEW = 3
"""Names that a message lists."""

MOST_FIELDS = 200
"""Fields of a record that are compared with a name."""

LONGEST_NAME = 80
"""Characters of a name of a record's that is compared or shown."""

MOST_OBJECTS, DEEPEST = 50, 4
"""Nested objects that are searched for the features."""


def none_of_the_features(within: Object, record: Object, wire: Wire) -> str:
    """Say what was expected, what was found, and what to do if that can be told.

    Parameters
    ----------
    within
        Where the features were looked for.
    record
        The whole record.
    wire
        Where they were expected.
    """
    expected = listed(wire.fields, most=FEW, longest=LONGEST_NAME)
    if any(within.get(name) is not None for name in wire.fields):
        return f"has no value for any of {expected}"
    if not within.fields:
        return f"has none of {expected}: it has no fields" + hint_of(record, wire)
    found = listed(within.fields, most=2 * FEW)
    return f"has none of {expected}; its fields are {found}" + hint_of(record, wire, within)


def nothing_at(path: str, record: Object) -> str:
    """Say that a payload is not where it was said to be."""
    *_, last = path.split(".")
    parent = path.removesuffix(last).removesuffix(".")
    around = record.at(parent) if parent else record
    what = "there is no object at"
    if around is not None and (found := around.fields.get(last)) is not None:
        what = "there is a list at" if kind_of(found) == b"[" else what
    return f"{what} {path}; its fields are {listed(record.fields, most=2 * FEW)}"


def hint_of(record: Object, wire: Wire, within: Object | None = None) -> str:
    """Say how settings would have to be for the record to be read; "" where none would do."""
    holder = _holder(record, wire)
    if wire.payload == PLAIN and holder in {"after", "payload.after"}:
        return f": set ANOMALY_PAYLOAD={DEBEZIUM}"
    if holder == "":
        return ": unset ANOMALY_PAYLOAD" if wire.payload not in {None, PLAIN} else ""
    if holder is not None:
        return f": set ANOMALY_PAYLOAD={holder}"
    named = [*zip((f.name for f in wire.features), wire.fields, strict=True)]
    if within is not None and (similar := similar_fields(within, named)):
        return f": {similar}"
    return ""


def _holder(record: Object, wire: Wire) -> str | None:
    """Find the path to the object that holds most of what is expected."""
    for path, found in islice(_objects(record), MOST_OBJECTS):
        held = sum(is_given(found.get(name)) for name in wire.fields)
        if 2 * held >= len(wire.fields):
            return path
    return None


def _objects(record: Object) -> Iterator[tuple[str, Object]]:
    """Walk over a record's objects, those around others first."""
    waiting = deque([("", record, 0)])
    while waiting:
        path, found, depth = waiting.popleft()
        yield path, found
        for name in islice(found.fields, MOST_FIELDS) if depth < DEEPEST else ():
            plain = name.isprintable() and "." not in name and 0 < len(name) <= LONGEST_NAME
            # What was there before a change is not what is scored.
            if plain and name != "before" and (inner := found.inner(name)):
                waiting.append((f"{path}.{name}" if path else name, inner, depth + 1))
            if len(waiting) >= MOST_OBJECTS:
                break


def similar_fields(within: Object, named: Sequence[tuple[str, str]]) -> str | None:
    """Say which fields have nearly the names that were expected.

    Parameters
    ----------
    within
        What a record holds beside each other.
    named
        Words of `Roles`, and the fields that they stand for now.
    """
    expected = {plain_name(field): (word, field) for word, field in reversed(named)}
    found: list[tuple[str, str]] = []
    for name in islice(within.fields, MOST_FIELDS):
        if len(name) > LONGEST_NAME or (plain := plain_name(name)) not in expected:
            continue
        word, field = expected[plain]
        if name != field and word not in dict(found):
            found.append((word, name))
    if not found:
        return None
    names = listed((f"`{name}`" for _, name in found), most=FEW, longest=LONGEST_NAME + 2)
    said = f"the records have {names}"
    words = _words(found[:FEW])
    if words is None:
        return said
    return f"{said}: train on {'that name' if len(found) == 1 else 'those names'}, or set {words}"


def _words(renamed: Sequence[tuple[str, str]]) -> str | None:
    words = " ".join(shlex.quote(f"{word}={name}") for word, name in renamed)
    try:
        Roles.parse(words)
    except DataError:
        return None
    quoted = shlex.quote(words) if "'" in words else f"'{words}'"
    return f"ANOMALY_ROLES={quoted}" if quoted.isprintable() else None
