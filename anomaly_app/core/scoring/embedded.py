"""A transaction as it is embedded in a message: as it was received, or with fields masked."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from anomaly_app.core.decoding.lazy_json import kind_of, read_fields, read_items
from anomaly_app.core.json_reading import read_json
from anomaly_app.core.scoring.masks import MASKED, Masks, Replace, text_of

MOST_NESTING = 50
"""Maximum nesting of a transaction that is embedded as JSON: readers may recurse."""

VECTORS = (".features", ".data")
"""Fields that may hold the values of a transaction without names."""

Json: TypeAlias = "msgspec.Raw | str | dict[str, Json] | list[Json]"
"""JSON of which some values are replaced."""

_write = msgspec.json.Encoder().encode
_write_sorted = msgspec.json.Encoder(order="sorted").encode


def embedded(value: bytes, masks: Masks | None = None) -> msgspec.Raw:
    """Return a transaction as JSON that anybody can read.

    Parameters
    ----------
    value
        The record's value, without a serializer's prefix.
    masks
        What is not shown. Of fields that have the same name, the last one is left.
    """
    # A field unused by the model may hold something others cannot read, such as 1e999.
    try:
        readable = not _nested_deeper(read_json(value), MOST_NESTING)
    except (ValueError, RecursionError):
        readable = False
    if masks is None:
        shown = value if readable else _write({"unreadable": value.decode(errors="replace")})
    elif readable:
        shown = _write(_object(read_fields(value), "", masks))
    else:
        # Whoever cannot read it cannot tell what is in it.
        shown = _write({"unreadable": MASKED})
    return msgspec.Raw(shown)


def _nested_deeper(value: object, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        inner: list[object] = []
        for item in layer:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return False
        layer = inner
    return True


def _object(fields: "dict[str, msgspec.Raw]", path: str, masks: Masks) -> Json:
    shown: dict[str, Json] = {}
    for name, value in fields.items():
        end = f"{path}.{name}"[-masks.longest :]
        replace = masks.at(end)
        is_vector = f".{name}" in VECTORS and replace is None
        shown[name] = _value(value, end, masks, replace, masks.positions if is_vector else ())
    return shown


def _value(
    value: msgspec.Raw,
    path: str,
    masks: Masks,
    replace: Replace | None,
    positions: Sequence[Replace | None] = (),
) -> Json:
    if replace is not None:
        return _replaced(value, replace)
    match kind_of(value):
        case b"{":
            return _object(read_fields(value), path, masks)
        case b"[":
            return _list(read_items(value), path, masks, positions)
    return value


def _list(
    items: Sequence[msgspec.Raw], path: str, masks: Masks, positions: Sequence[Replace | None]
) -> Json:
    if len(items) == 1 and kind_of(items[0]) == b"[":
        return [_list(read_items(items[0]), path, masks, positions)]
    of_items = positions if len(items) == len(positions) else [None] * len(items)
    return [
        _value(item, path, masks, replace) for item, replace in zip(items, of_items, strict=True)
    ]


def _replaced(value: msgspec.Raw, replace: Replace) -> Json:
    written = bytes(value)
    match kind_of(value):
        case b"n":
            return value
        case b"{" | b"[":
            return replace(_write_sorted(read_json(written)).decode())
        case b"t" | b"f":
            return replace(written.decode())
    # A double cannot hold all the digits of a long number, which may be what tells cards apart.
    is_integer = written.removeprefix(b"-").isdigit()
    return replace(written.decode() if is_integer else text_of(read_json(written)))
