"""Error text for a record that has none of the features: what it has, and what to do."""

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
"""Names listed in a message."""

MOST_FIELDS = 200
"""Maximum number of a record's fields that are compared with a name."""

LONGEST_NAME = 80
"""Maximum length of a field name that is compared or shown."""

MOST_OBJECTS, DEEPEST = 50, 4
"""Maximum number of nested objects that are searched for the features."""


def none_of_the_features(within: Object, record: Object, wire: Wire) -> str:
    """Describe what was expected, what was found, and, if known, what to do.

    Parameters
    ----------
    within
        The object that was searched for the features.
    record
        The whole record.
    wire
        Where the features were expected.
    """
    expected = listed(wire.fields, most=FEW, longest=LONGEST_NAME)
    if any(within.get(name) is not None for name in wire.fields):
        return f"has no value for any of {expected}"
    if not within.fields:
        return f"has none of {expected}: it has no fields" + hint_of(record, wire)
    found = listed(within.fields, most=2 * FEW)
    return f"has none of {expected}; its fields are {found}" + hint_of(record, wire, within)


def nothing_at(path: str, record: Object) -> str:
    """Describe that there is no object at the path of a payload."""
    *_, last = path.split(".")
    parent = path.removesuffix(last).removesuffix(".")
    around = record.at(parent) if parent else record
    what = "there is no object at"
    if around is not None and (found := around.fields.get(last)) is not None:
        what = "there is a list at" if kind_of(found) == b"[" else what
    return f"{what} {path}; its fields are {listed(record.fields, most=2 * FEW)}"


def hint_of(record: Object, wire: Wire, within: Object | None = None) -> str:
    """Name the setting with which the record could be read; "" if there is none."""
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
    """Walk over a record's objects, outer ones first."""
    waiting = deque([("", record, 0)])
    while waiting:
        path, found, depth = waiting.popleft()
        yield path, found
        for name in islice(found.fields, MOST_FIELDS) if depth < DEEPEST else ():
            plain = name.isprintable() and "." not in name and 0 < len(name) <= LONGEST_NAME
            # The state before a change is not scored.
            if plain and name != "before" and (inner := found.inner(name)):
                waiting.append((f"{path}.{name}" if path else name, inner, depth + 1))
            if len(waiting) >= MOST_OBJECTS:
                break


def similar_fields(within: Object, named: Sequence[tuple[str, str]]) -> str | None:
    """Describe fields whose names resemble the expected ones; None if there are none.

    Parameters
    ----------
    within
        The object whose fields are compared.
    named
        Words of `Roles`, and the fields that they currently stand for.
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
    description = f"the records have {names}"
    words = _words(found[:FEW])
    if words is None:
        return description
    names_to_use = "that name" if len(found) == 1 else "those names"
    return f"{description}: train on {names_to_use}, or set {words}"


def _words(renamed: Sequence[tuple[str, str]]) -> str | None:
    words = " ".join(shlex.quote(f"{word}={name}") for word, name in renamed)
    try:
        Roles.parse(words)
    except DataError:
        return None
    quoted = shlex.quote(words) if "'" in words else f"'{words}'"
    return f"ANOMALY_ROLES={quoted}" if quoted.isprintable() else None
