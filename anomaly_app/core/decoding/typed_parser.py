"""Parsers built for one model's records, at a tenth of the cost of the slow path.

A structure is built from the paths of all fields that are read. Records that do not fit it are
refused and read again on the slow path; for all others the result equals that of the slow path.
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
from anomaly_app.core.model.feature import Row


class Parser(NamedTuple):
    """Reads the records of one layout."""

    parse: Callable[[bytes], Any]
    """Parses JSON to a message; raises ValueError if it does not fit."""
    features: Callable[[Any], Any] | None
    """Gets the holder of the features from the message; None if it is the message itself."""
    row: Callable[[Any], Row]
    """Gets the row from that holder; raises ValueError if it does not fit."""
    time: Callable[[Any], Any]
    """Gets the time at its first path from the message."""
    key: Callable[[Any], Any]
    """Gets the entity at its first path from the message."""
    strays: Callable[[Any], tuple[msgspec.Raw | None, ...]] | None
    """Fields that may indicate that the message has another layout."""
    op: Callable[[Any], str | None] | None
    """Gets the operation (`op`) of an envelope."""
    times: Sequence[Callable[[Any], Any]]
    """Other places of the time, in order."""
    keys: Sequence[Callable[[Any], Any]]
    """Other places of the entity, in order."""
    stray_count: int
    shortest: int
    """Length of the shortest name that is read."""


def make_parser(wire: Wire, layout: RecordLayout) -> Parser:
    """Make the parser of a layout.

    Raises
    ------
    NoStructure
        Two paths require different types of one value, or a name cannot be used in a structure.
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
    """Return no part, if no name is left for it."""


def _add_row(node: Node, base: Path, wire: Wire, layout: RecordLayout) -> Callable[[Any], Row]:
    """Add all features below a path to the structure, and return a getter of the row."""
    kinds = kinds_of(wire, layout)
    attributes = [
        node.value((*base, *name.split(".")), kind)
        for name, kind in zip(wire.fields, kinds, strict=True)
    ]
    # A field with the whole dotted name takes precedence over a path.
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
    """Add all fields that may hold a part, and return getters of it, in order."""
    return [_add_name(root, base, name, kind) for base in around for name in names]


def _add_name(root: Node, base: Path, name: str, kind: Any) -> Callable[[Any], Any]:
    path = (*base, *name.split("."))
    try:
        value = root.value(path, kind)
    except NoStructure:
        if kind != LABEL:
            raise
        # It may also be a feature: a number with a fraction is then left to the slow path.
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
    """Add fields of other layouts, and return the attribute paths to them."""
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
    # With a single name attrgetter does not return a tuple.
    return found * 2 if len(found) == 1 else found
