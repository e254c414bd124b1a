"""Dead letters as JSON lines: what `dlq list --json` writes, and `dlq replay --repaired` reads."""

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any

import msgspec

from anomaly_app.core.times import iso_time, seconds_of
from anomaly_app.dead_letters.messages import DeadLetter, Position
from anomaly_app.errors import RepairError


class Repair(msgspec.Struct):
    """The fields of a line that are read; the others are for people."""

    position: str = msgspec.field(name="place")
    value: str | msgspec.UnsetType | None = msgspec.UNSET
    value_base64: str | msgspec.UnsetType = msgspec.UNSET


def write_line(letter: DeadLetter, replayed_to: str | None) -> str:
    """Write a letter as one line of JSON, in printable ASCII.

    Parameters
    ----------
    letter
        Its key and value are written as text if they are UTF-8; otherwise in base64, under a name
        that ends in ``_base64``.
    replayed_to
        Where it was replayed to, if it was.
    """
    line: dict[str, Any] = {
        "place": str(letter.position),
        "time": when(letter),
        "reason": letter.reason,
        "error": letter.error,
        "source": {
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
        },
        **_named("key", letter.key),
        **_named("value", letter.value),
    }
    if replayed_to is not None:
        line["replayed_to"] = replayed_to
    # json.dumps escapes everything but printable ASCII and one control character.
    return json.dumps(line, ensure_ascii=True).replace("\x7f", "\\u007f")


def read_repairs(lines: Iterable[bytes], *, name: str) -> dict[Position, bytes | None]:
    """Read lines as `write_line` writes them, and return the values by the letters' positions.

    Parameters
    ----------
    lines
        Lines of a file; empty ones are skipped.
    name
        Name of the file, for error messages.

    Raises
    ------
    RepairError
        A line is not such JSON, or names a letter a second time; or there are no lines.
    """
    repairs: dict[Position, bytes | None] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{name} line {number}"
        try:
            position, value = _read_line(line)
        except (ValueError, RecursionError) as fault:
            raise RepairError(f"{where} is not a line of `dlq list --json`: {fault}") from None
        if position in repairs:
            raise RepairError(
                f"{where} repairs {position} a second time: keep only one of the lines"
            )
        repairs[position] = value
    if not repairs:
        raise RepairError(f"{name} contains no lines of `dlq list --json`")
    return repairs


def when(letter: DeadLetter) -> str | None:
    """Return when a letter was written, in ISO 8601 and UTC; None if that is not a valid time."""
    seconds = None if letter.timestamp is None else seconds_of(letter.timestamp)
    return None if seconds is None else iso_time(seconds)


def _read_line(line: bytes) -> tuple[Position, bytes | None]:
    repair = msgspec.json.decode(line, type=Repair)
    position = Position.parse(repair.position)
    texts = repair.value is not msgspec.UNSET, repair.value_base64 is not msgspec.UNSET
    if all(texts) or not any(texts):
        raise ValueError("it needs either value or value_base64")
    if isinstance(repair.value_base64, str):
        try:
            return position, base64.b64decode(repair.value_base64, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("value_base64 is not base64") from None
    return position, repair.value.encode() if isinstance(repair.value, str) else None


def _named(name: str, data: bytes | None) -> dict[str, str | None]:
    if data is None:
        return {name: None}
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode()}
