"""Parsers that are made for one model's records: what they take, they take at a tenth of the cost.

A structure is built from the paths of all that is read. What does not fit is refused, and read
again with care; what is taken is what the careful reading finds, too.
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
    Form,
    depths_of,
    kinds_of,
)
from anomaly_app.core.decoding.structure import Node, NoStructure, Path
from anomaly_app.core.decoding.typed_numbers import with_numbers
from anomaly_app.core.decoding.wire import DEBEZIUM, Wire
from anomaly_app.core.model.schema import Row


class Parser(NamedTuple):
    """Reads the records of one form."""

    parse: Callable[[bytes], Any]
    """From JSON to a message; raises ValueError where it does not fit."""
    features: Callable[[Any], Any] | None
    """From the message to what holds the features; None where it does itself."""
    row: Callable[[Any], Row]
    """From there to a row; raises ValueError as well."""
    time: Callable[[Any], Any]
    """The first place of the time."""
    key: Callable[[Any], Any]
    """The first place of the entity."""
    strays: Callable[[Any], tuple[msgspec.Raw | None, ...]] | None
    """Fields that may show that the message is of another form."""
    op: Callable[[Any], str | None] | None
    """What has happened to the row in an envelope."""
    times: Sequence[Callable[[Any], Any]]
    """Where else the time may be, in order."""
    keys: Sequence[Callable[[Any], Any]]
    """Where else the entity may be, in order."""
    stray_count: int
    shortest: int
    """Characters of the shortest name that is read."""


def make_parser(wire: Wire, form: Form) -> Parser:
    """Make the parser of a form.

    Raises
    ------
    NoStructure
        Two paths need different types at the same place, or a name cannot be in a structure.
    """
    base: Path = tuple(form.payload.split(".")) if form.payload else ()
    root = Node()
    features: Callable[[Any], Any] | None = None
    if form.layout == "flat":
        row = _add_row(root, base, wire, form)
    elif form.layout == "named":
        inner = Node()
        row = _add_row(inner, (), wire, form)
        features = attrgetter(root.put((*base, "features"), inner))
    else:
        row = _row_of_list(wire, form)
        kind: Any = GenericAlias(tuple, tuple(kinds_of(wire, form)))
        kind = GenericAlias(tuple, kind) if form.layout == "data rows" else kind
        name = form.layout.partition(" ")[0]
        features = attrgetter(root.require((*base, name), kind))
    names = wire.flat_parts if form.layout == "flat" else wire.parts
    around = [base[:depth] for depth in depths_of(wire, form)]
    has_texts = form.has_texts or wire.roles.time_format is not None
    times = _add_part(root, around, names.time, TIME_OR_TEXT if has_texts else TIME)
    keys = _add_part(root, around, names.key, LABEL)
    _add_part(root, around, names.id, LABEL)
    strays = _strays(root, base, wire, form)
    op = None
    if form.payload.endswith("after") and wire.payload in {None, DEBEZIUM}:
        op = attrgetter(root.value((*base[:-1], "op"), str | None))
    if form.payload == "payload" and wire.payload is None:
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


def _add_row(node: Node, base: Path, wire: Wire, form: Form) -> Callable[[Any], Row]:
    """Place all features below a path, and give what finds them."""
    kinds = kinds_of(wire, form)
    places = [
        node.value((*base, *name.split(".")), kind)
        for name, kind in zip(wire.fields, kinds, strict=True)
    ]
    # A field that has the whole name comes before a path.
    whole = [
        (place, attrgetter(node.whole((*base, name), kind)))
        for place, (name, kind) in enumerate(zip(wire.fields, kinds, strict=True))
        if "." in name
    ]
    get: Callable[[Any], Row]
    if form.layout == "named" and not whole and len(node.leaves) == len(places):
        get = astuple
    elif len(places) == 1:
        only = attrgetter(places[0])
        get = lambda message: (only(message),)  # noqa: E731
    else:
        get = attrgetter(*places)
    if whole:
        get = _with_whole_names(get, whole)
    return with_numbers(get, kinds, wire)


def _row_of_list(wire: Wire, form: Form) -> Callable[[Any], Row]:
    only = itemgetter(0) if form.layout == "data rows" else tuple
    return with_numbers(only, kinds_of(wire, form), wire)


def _with_whole_names(
    get: Callable[[Any], Row], whole: Sequence[tuple[int, Callable[[Any], Any]]]
) -> Callable[[Any], Row]:
    def found(message: Any) -> Row:
        row = [*get(message)]
        for place, value_of in whole:
            if (value := value_of(message)) is not UNSET:
                row[place] = value
        return row

    return found


def _add_part(
    root: Node, around: Sequence[Path], names: Sequence[str], kind: Any
) -> list[Callable[[Any], Any]]:
    """Place all that may be a part, and give what finds it, in order."""
    return [_add_place(root, base, name, kind) for base in around for name in names]


def _add_place(root: Node, base: Path, name: str, kind: Any) -> Callable[[Any], Any]:
    path = (*base, *name.split("."))
    try:
        value = root.value(path, kind)
    except NoStructure:
        if kind != LABEL:
            raise
        # It may be a feature as well: a number with a fraction is then left to the other reading.
        value = root.value(path, CATEGORY)
    if "." not in name:
        return attrgetter(value)
    return _either(attrgetter(root.whole((*base, name), kind)), attrgetter(value))


def _either(whole: Callable[[Any], Any], path: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def found(message: Any) -> Any:
        value = whole(message)
        return path(message) if value is UNSET else value

    return found


def _strays(root: Node, base: Path, wire: Wire, form: Form) -> list[str]:
    """Place what a record of another form has, and give the attributes that lead to it."""
    paths: list[Path] = []
    is_open = form.layout not in {"named", "features list"}
    if is_open:
        paths += [(*base, "features")]
    if form.layout == "flat":
        paths += [(*base, "data")]
    if wire.payload is None and not form.payload and is_open and wire.recognises_envelopes:
        paths += [("after",), ("payload",)]
    if wire.payload in {None, DEBEZIUM} and form.payload:
        paths += [("features",)]
        paths += [("after",)] if form.payload != "after" else []
        paths += [("payload", "after")] if form.payload == "payload" else []
    found = [place for path in dict.fromkeys(paths) if (place := root.stray(path)) is not None]
    # Of one place attrgetter gives no tuple.
    return found * 2 if len(found) == 1 else found
