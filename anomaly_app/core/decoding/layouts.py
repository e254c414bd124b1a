"""The forms that most records of a topic have, each of which a typed parser can be made for."""

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


def kinds_of(wire: Wire, form: Form) -> list[Any]:
    """Give the types that the features' values have in a form."""
    number = NUMBER_OR_TEXT if form.has_texts and not wire.strict else NUMBER
    return [number if feature.kind == "number" else CATEGORY for feature in wire.features]


def depths_of(wire: Wire, form: Form) -> Sequence[int]:
    """Say how many names lead to each object in which a part may be, the innermost first."""
    depth = form.payload.count(".") + 1 if form.payload else 0
    between = [1] if form.payload == "payload.after" and wire.payload in {None, DEBEZIUM} else []
    return [depth, *between, 0] if depth else [0]
