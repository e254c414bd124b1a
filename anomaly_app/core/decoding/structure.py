"""Build msgspec structures from the paths of the fields that are read."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

Path: TypeAlias = tuple[str, ...]

DEEPEST = 20
"""Maximum length of a path in a structure."""


class NoStructure(Exception):
    """The paths do not fit into one structure: records are read on the slow path only."""


class Node:
    """An object in the records: the names of its fields with their types or nested objects."""

    def __init__(self) -> None:
        self.leaves: dict[str, tuple[Any, Any]] = {}
        self.inner: dict[str, Node] = {}
        self.is_whole = False
        """Whether it is opaque: no path leads through it."""

    def put(self, path: Path, node: "Node") -> str:
        """Add a required object, and return the attribute path to it."""
        *parents, last = path
        within, attributes = self._within(parents)
        if last in within.leaves or last in within.inner:
            raise NoStructure
        within.inner[last] = node
        node.is_whole = True
        return ".".join([*attributes, _attribute(last)])

    def value(self, path: Path, kind: Any) -> str:
        """Add a value, None if it is missing, and return the attribute path to it."""
        return self._leaf(path, kind, None)

    def whole(self, path: Path, kind: Any) -> str:
        """Add a value whose name is not a path, UNSET if it is missing."""
        return self._leaf(path, kind | UnsetType, UNSET)

    def stray(self, path: Path) -> str | None:
        """Add a field whose presence is checked; None if it is already read for another reason."""
        *parents, last = path
        within, _ = self._within(parents)
        if last in within.inner:
            raise NoStructure
        return None if last in within.leaves else self._leaf(path, msgspec.Raw, None)

    def require(self, path: Path, kind: Any) -> str:
        """Add a required value, and return the attribute path to it."""
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

    def _within(self, names: Sequence[str]) -> tuple["Node", list[str]]:
        if len(names) > DEEPEST:
            raise NoStructure
        node = self
        for name in names:
            if name in node.leaves:
                raise NoStructure
            node = node.inner.setdefault(name, Node())
            if node.is_whole:
                raise NoStructure
        return node, [*map(_attribute, names)]

    @property
    def is_needed(self) -> bool:
        """Whether an object without it must have another layout."""
        required = any(default is msgspec.NODEFAULT for _, default in self.leaves.values())
        return self.is_whole or required or any(n.is_needed for n in self.inner.values())

    def build(self) -> type[Any]:
        """Make the structure.

        Raises
        ------
        NoStructure
            A name cannot be used in a structure.
        """
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
            # The name has a quote, a backslash or a control character.
            raise NoStructure from None

    def shortest(self) -> int:
        """Return the length of the shortest name."""
        inner = [node.shortest() for node in self.inner.values()]
        return min([*map(len, self.leaves), *inner], default=0)


def _attribute(name: str) -> str:
    """Return the attribute name of a field, whatever characters its own name has."""
    return "f_" + name.encode(errors="surrogatepass").hex()
