"""Parsers that are made for one model's records: what they take, they take at a tenth of the cost.

A structure is built from the paths of all that is read. What does not fit is refused, and read
again on the slow path; what is taken is what the slow path finds, too.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from types import GenericAlias
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET
from msgspec.structs import astuple

from anomaly_app.core.decoding.layouts import (
    CATEGORY,
    LABEL,
    TIME,
    TIME_OR_TEXT,
    RecordLayout,
    depths_of,
    kinds_of,
)
from anomaly_app.core.decoding.structure import Node, NoStructure, Path
from anomaly_app.core.decoding.typed_numbers import with_numbers
from anomaly_app.core.decoding.wire import DEBEZIUM, Wire
from anomaly_app.core.model.schema import Row


class Parser(NamedTuple):
    """Reads the records of one layout."""

    parse: Callable[[bytes], Any]
    """From JSON to a message; raises ValueError where it does not fit."""
    features: Callable[[Any], Any] | None
    """From the message to what holds the features; None where it does itself."""
    row: Callable[[Any], Row]
    """From there to a row; raises ValueError as well."""
    time: Callable[[Any], Any]
    """From the message to the time, at its first path."""
    key: Callable[[Any], Any]
    """From the message to the entity, at its first path."""
    strays: Callable[[Any], tuple[msgspec.Raw | None, ...]] | None
    """Fields that may show that the message is of another layout."""
    op: Callable[[Any], str | None] | None
    """What has happened to the row in an envelope."""
    times: Sequence[Callable[[Any], Any]]
    """Where else the time may be, in order."""
    keys: Sequence[Callable[[Any], Any]]
    """Where else the entity may be, in order."""
    stray_count: int
    shortest: int
    """Characters of the shortest name that is read."""


def make_parser(wire: Wire, layout: RecordLayout) -> Parser:
    """Make the parser of a layout.

    Raises
    ------
    NoStructure
        Two paths need different types of one value, or a name cannot be in a structure.
    """
    base: Path = tuple(layout.payload.split(".")) if layout.payload else ()
    root = Node()
    features: Callable[[Any], Any] | None = None
    if layout.features == "flat":
        row = _add_row(root, base, wire, layout)
    elif layout.features == "named":
        inner = Node()
        row = _add_row(inner, (), wire, layout)
        features = attrgetter(root.put((*base, "features"), inner))
    else:
        row = _row_of_list(wire, layout)
        kind: Any = GenericAlias(tuple, tuple(kinds_of(wire, layout)))
        kind = GenericAlias(tuple, kind) if layout.features == "data rows" else kind
        name = layout.features.partition(" ")[0]
        features = attrgetter(root.require((*base, name), kind))
    names = wire.flat_parts if layout.features == "flat" else wire.parts
    around = [base[:depth] for depth in depths_of(wire, layout)]
    has_texts = layout.has_texts or wire.roles.time_format is not None
    times = _add_part(root, around, names.time, TIME_OR_TEXT if has_texts else TIME)
    keys = _add_part(root, around, names.key, LABEL)
    _add_part(root, around, names.id, LABEL)
    strays = _strays(root, base, wire, layout)
    op = None
    if layout.payload.endswith("after") and wire.payload in {None, DEBEZIUM}:
        op = attrgetter(root.value((*base[:-1], "op"), str | None))
    if layout.payload == "payload" and wire.payload is None:
        root.require(("schema",), msgspec.Raw)
    return Parser(
        parse=msgspec.json.Decoder(root.build()).decode,
        features=features,
        row=row,
        time=times[0] if times else _nothing,
        key=keys[0] if keys else _nothing,
        strays=attrgetter(*strays) if strays else None,
        op=op,
        times=times[1:],
        keys=keys[1:],
        stray_count=len(strays),
        shortest=root.shortest(),
    )


def _nothing(_: Any) -> None:
    """Find a part where no name is left for it."""


def _add_row(node: Node, base: Path, wire: Wire, layout: RecordLayout) -> Callable[[Any], Row]:
    """Add all features below a path to the structure, and give what finds them."""
    kinds = kinds_of(wire, layout)
    attributes = [
        node.value((*base, *name.split(".")), kind)
        for name, kind in zip(wire.fields, kinds, strict=True)
    ]
    # A field that has the whole name comes before a path.
    whole = [
        (index, attrgetter(node.whole((*base, name), kind)))
        for index, (name, kind) in enumerate(zip(wire.fields, kinds, strict=True))
        if "." in name
    ]
    get: Callable[[Any], Row]
    if layout.features == "named" and not whole and len(node.leaves) == len(attributes):
        get = astuple
    elif len(attributes) == 1:
        only = attrgetter(attributes[0])
        get = lambda message: (only(message),)  # noqa: E731
    else:
        get = attrgetter(*attributes)
    if whole:
        get = _with_whole_names(get, whole)
    return with_numbers(get, kinds, wire)


def _row_of_list(wire: Wire, layout: RecordLayout) -> Callable[[Any], Row]:
    only = itemgetter(0) if layout.features == "data rows" else tuple
    return with_numbers(only, kinds_of(wire, layout), wire)


def _with_whole_names(
    get: Callable[[Any], Row], whole: Sequence[tuple[int, Callable[[Any], Any]]]
) -> Callable[[Any], Row]:
    def found(message: Any) -> Row:
        row = [*get(message)]
        for index, value_of in whole:
            if (value := value_of(message)) is not UNSET:
                row[index] = value
        return row

    return found


def _add_part(
    root: Node, around: Sequence[Path], names: Sequence[str], kind: Any
) -> list[Callable[[Any], Any]]:
    """Add all that may be a part, and give what finds it, in order."""
    return [_add_name(root, base, name, kind) for base in around for name in names]


def _add_name(root: Node, base: Path, name: str, kind: Any) -> Callable[[Any], Any]:
    path = (*base, *name.split("."))
    try:
        value = root.value(path, kind)
    except NoStructure:
        if kind != LABEL:
            raise
        # It may be a feature as well: a number with a fraction is then left to the slow path.
        value = root.value(path, CATEGORY)
    if "." not in name:
        return attrgetter(value)
    return _either(attrgetter(root.whole((*base, name), kind)), attrgetter(value))


def _either(whole: Callable[[Any], Any], path: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def found(message: Any) -> Any:
        value = whole(message)
        return path(message) if value is UNSET else value

    return found


def _strays(root: Node, base: Path, wire: Wire, layout: RecordLayout) -> list[str]:
    """Add what a record of another layout has, and give the attributes that lead to it."""
    paths: list[Path] = []
    is_open = layout.features not in {"named", "features list"}
    if is_open:
        paths += [(*base, "features")]
    if layout.features == "flat":
        paths += [(*base, "data")]
    if wire.payload is None and not layout.payload and is_open and wire.recognises_envelopes:
        paths += [("after",), ("payload",)]
    if wire.payload in {None, DEBEZIUM} and layout.payload:
        paths += [("features",)]
        paths += [("after",)] if layout.payload != "after" else []
        paths += [("payload", "after")] if layout.payload == "payload" else []
    found = [name for path in dict.fromkeys(paths) if (name := root.stray(path)) is not None]
    # With one name attrgetter gives no tuple.
    return found * 2 if len(found) == 1 else found
