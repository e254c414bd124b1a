"""Parsers that are made for one model's records: what they take, they take at a tenth of the cost.

A structure is built from the paths of all that is read. What does not fit is refused, and read
again with care; what is taken is what the careful reading finds, too.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from math import isfinite
from operator import attrgetter, itemgetter
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from anomaly_app.core.fields import kind_of
from anomaly_app.core.json_reading import number_in
from anomaly_app.core.schema import FeatureValue, Row
from anomaly_app.core.wire import DEBEZIUM, Wire

Path: TypeAlias = tuple[str, ...]

NUMBER = float | bool | None
NUMBER_OR_TEXT = float | bool | str | None
CATEGORY = str | int | None
LABEL = str | int | float | None
TIME = datetime | int | float | None
TIME_OR_TEXT = str | int | float | None

DEEPEST = 20
"""Names in a path that a structure is built for."""


class NoStructure(Exception):
    """The paths do not fit into one structure: records are read with care only."""


Layout: TypeAlias = Literal["named", "flat", "features list", "data list", "data rows"]
"""Fields of the documented `features`, fields beside the others, or without names: the list
`features`, the list `data`, or the only list in the list `data`."""


class Form(NamedTuple):
    """A structure that records may have."""

    payload: str
    """Path to the object with the transaction; "" where it is the record."""
    layout: "Layout"
    """How the features are in it."""
    has_texts: bool
    """Whether numbers and times may be strings of any kind."""


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
    root = _Node()
    features: Callable[[Any], Any] | None = None
    if form.layout == "flat":
        row = _add_row(root, base, wire, form)
    elif form.layout == "named":
        inner = _Node()
        row = _add_row(inner, (), wire, form)
        features = attrgetter(root.put((*base, "features"), inner))
    else:
        row = _row_of_list(wire, form)
        kind = tuple[tuple(_kinds(wire, form))]  # type: ignore[misc]  # not known before
        kind = tuple[kind] if form.layout == "data rows" else kind
        name = form.layout.partition(" ")[0]
        features = attrgetter(root.require((*base, name), kind))
    names = wire.flat_parts if form.layout == "flat" else wire.parts
    around = [base[:depth] for depth in _depths(wire, form)]
    has_texts = form.has_texts or wire.roles.time_format is not None
    time, *times = _add_part(root, around, names.time, TIME_OR_TEXT if has_texts else TIME)
    key, *keys = _add_part(root, around, names.key, LABEL)
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
        time=_getter(time),
        key=_getter(key),
        strays=attrgetter(*strays) if strays else None,
        op=op,
        times=[*map(_getter, times)],
        keys=[*map(_getter, keys)],
        stray_count=len(strays),
        shortest=root.shortest(),
    )


def is_harmless(strays: Sequence[msgspec.Raw | None]) -> bool:
    """Tell whether fields that may show another form are neither objects, lists nor null."""
    return all(json is None or kind_of(json) not in {b"{", b"[", b"n"} for json in strays)


Place: TypeAlias = str | Callable[[Any], Any]
"""Attributes that lead to a value, or what finds it."""


def _getter(place: Place) -> Callable[[Any], Any]:
    return attrgetter(place) if isinstance(place, str) else place


def _add_row(node: "_Node", base: Path, wire: Wire, form: Form) -> Callable[[Any], Row]:
    """Place all features below a path, and give what finds them."""
    kinds = _kinds(wire, form)
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
    return _with_numbers(get, kinds)


def _kinds(wire: Wire, form: Form) -> list[Any]:
    number = NUMBER_OR_TEXT if form.has_texts and not wire.strict else NUMBER
    return [number if feature.kind == "number" else CATEGORY for feature in wire.features]


def _row_of_list(wire: Wire, form: Form) -> Callable[[Any], Row]:
    only = itemgetter(0) if form.layout == "data rows" else tuple
    return _with_numbers(only, _kinds(wire, form))


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


def _with_numbers(get: Callable[[Any], Row], kinds: Sequence[Any]) -> Callable[[Any], Row]:
    places = [place for place, kind in enumerate(kinds) if kind == NUMBER_OR_TEXT]
    if not places:
        return get

    def converted(message: Any) -> Row:
        row: list[FeatureValue] = [*get(message)]
        for place in places:
            if isinstance(value := row[place], str):
                number = number_in(value)
                if number is None or not isfinite(number):
                    raise ValueError
                row[place] = number
        return row

    return converted


def _add_part(
    root: "_Node", around: Sequence[Path], names: Sequence[str], kind: Any
) -> list[Place]:
    """Place all that may be a part, and give what finds it, in order."""
    return [
        _either(
            attrgetter(root.whole((*base, name), kind)),
            attrgetter(root.value((*base, *name.split(".")), kind)),
        )
        if "." in name
        else root.value((*base, name), kind)
        for base in around
        for name in names
    ]


def _either(
    whole: Callable[[Any], Any], path: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    def found(message: Any) -> Any:
        value = whole(message)
        return path(message) if value is UNSET else value

    return found


def _strays(root: "_Node", base: Path, wire: Wire, form: Form) -> list[str]:
    """Place what a record of another form has, and give the attributes that lead to it."""
    paths: list[Path] = []
    is_open = form.layout not in {"named", "features list"}
    if is_open:
        paths += [(*base, "features")]
    if form.layout == "flat":
        paths += [(*base, "data")]
    if wire.payload is None and not form.payload and is_open and wire.recognises_envelopes:
        paths += [("after",), ("payload",)]
    if wire.payload is None and form.payload:
        paths += [("features",)]
        paths += [("after",)] if form.payload != "after" else []
        paths += [("payload", "after")] if form.payload == "payload" else []
    found = [place for path in dict.fromkeys(paths) if (place := root.stray(path)) is not None]
    # Of one place attrgetter gives no tuple.
    return found * 2 if len(found) == 1 else found


def _depths(wire: Wire, form: Form) -> Sequence[int]:
    """Say how many names lead to each object in which a part may be, the innermost first."""
    depth = form.payload.count(".") + 1 if form.payload else 0
    between = [1] if form.payload == "payload.after" and wire.payload in {None, DEBEZIUM} else []
    return [depth, *between, 0] if depth else [0]


class _Node:
    """An object in the records: its fields' names, with their types or the objects in them."""

    def __init__(self) -> None:
        self.leaves: dict[str, tuple[Any, Any]] = {}
        self.inner: dict[str, _Node] = {}
        self.is_whole = False
        """Whether its names are another's matter: no path leads through it."""

    def put(self, path: Path, node: "_Node") -> str:
        """Place an object that must be there, and give the attributes that lead to it."""
        *parents, last = path
        within, attributes = self._within(parents)
        if last in within.leaves or last in within.inner:
            raise NoStructure
        within.inner[last] = node
        node.is_whole = True
        return ".".join([*attributes, _attribute(last)])

    def value(self, path: Path, kind: Any) -> str:
        """Place a value, None where it is missing, and give the attributes that lead to it."""
        return self._leaf(path, kind, None)

    def whole(self, path: Path, kind: Any) -> str:
        """Place a value whose name is not a path, UNSET where it is missing."""
        return self._leaf(path, kind | UnsetType, UNSET)

    def stray(self, path: Path) -> str | None:
        """Place a field that is looked for only; None where it is read for another reason."""
        *parents, last = path
        within, _ = self._within(parents)
        if last in within.inner:
            raise NoStructure
        return None if last in within.leaves else self._leaf(path, msgspec.Raw, None)

    def require(self, path: Path, kind: Any) -> str:
        """Place a value that must be there, and give the attributes that lead to it."""
        return self._leaf(path, kind, msgspec.NODEFAULT)

    def _leaf(self, path: Path, kind: Any, default: Any) -> str:
        *parents, last = path
        within, attributes = self._within(parents)
        if last in within.inner:
            raise NoStructure
        known, _ = within.leaves.setdefault(last, (kind, default))
        if known != kind:
            raise NoStructure
        return ".".join([*attributes, _attribute(last)])

    def _within(self, names: Sequence[str]) -> tuple["_Node", list[str]]:
        if len(names) > DEEPEST:
            raise NoStructure
        node = self
        for name in names:
            if name in node.leaves:
                raise NoStructure
            node = node.inner.setdefault(name, _Node())
            if node.is_whole:
                raise NoStructure
        return node, [*map(_attribute, names)]

    @property
    def is_needed(self) -> bool:
        """Whether an object without it is of another form."""
        required = any(default is msgspec.NODEFAULT for _, default in self.leaves.values())
        return self.is_whole or required or any(n.is_needed for n in self.inner.values())

    def build(self) -> type[Any]:
        fields: list[Any] = []
        names = {}
        for name, (kind, default) in self.leaves.items():
            names[_attribute(name)] = name
            required = default is msgspec.NODEFAULT
            fields.append((_attribute(name), kind, *([] if required else [default])))
        for name, node in self.inner.items():
            names[_attribute(name)] = name
            made = node.build()
            fields.append((_attribute(name), made, *([] if node.is_needed else [made()])))
        fields.sort(key=len)
        try:
            return msgspec.defstruct("Wire", fields, rename=names, gc=False, frozen=True)
        except ValueError:
            # A name with a quote, a backslash or a control character.
            raise NoStructure from None

    def shortest(self) -> int:
        inner = [node.shortest() for node in self.inner.values()]
        return min([*map(len, self.leaves), *inner], default=0)


def _attribute(name: str) -> str:
    """Name the attribute of a field, whatever characters the field's name has."""
    return "f_" + name.encode(errors="surrogatepass").hex()
