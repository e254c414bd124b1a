"""Layouts of records: each layout that occurs in a topic gets a typed parser."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from anomaly_app.core.decoding.wire import DEBEZIUM, Wire

NUMBER = float | bool | None
NUMBER_OR_TEXT = float | bool | str | None
CATEGORY = str | int | None
LABEL = str | int | float | None
TIME = datetime | int | float | None
TIME_OR_TEXT = str | int | float | None


FeatureLayout: TypeAlias = Literal["named", "flat", "features list", "data list", "data rows"]
"""Fields of the documented object `features`, fields next to the others, or values without names:
the list `features`, the list `data`, or the only list in the list `data`."""


class RecordLayout(NamedTuple):
    """One layout of a topic's records."""

    payload: str
    """Path to the object with the transaction; "" if it is the record itself."""
    features: FeatureLayout
    """How that object holds the features."""
    has_texts: bool
    """Whether numbers and times may be strings of any kind."""


def kinds_of(wire: Wire, layout: RecordLayout) -> list[Any]:
    """Return the types of the features' values in a layout."""
    number = NUMBER_OR_TEXT if layout.has_texts and not wire.strict else NUMBER
    return [number if feature.kind == "number" else CATEGORY for feature in wire.features]


def depths_of(wire: Wire, layout: RecordLayout) -> Sequence[int]:
    """Return the path length of each object that may hold a part, innermost first."""
    depth = layout.payload.count(".") + 1 if layout.payload else 0
    between = [1] if layout.payload == "payload.after" and wire.payload in {None, DEBEZIUM} else []
    return [depth, *between, 0] if depth else [0]
