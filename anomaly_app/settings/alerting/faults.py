"""What a reader of structures says, in the words of those who write the file."""

import re
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

import msgspec

from anomaly_app.core.visible import quoted, visible
from anomaly_app.settings.alerting.policy import (
    Alerting,
    Flapping,
    Grouping,
    Maintenance,
    Regime,
    Route,
)
from anomaly_app.settings.alerting.receivers import Receiver

KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "names with values",
    "null": "nothing",
    "date": "a date",
    "datetime": "a time",
}

STRUCTURES: tuple[Any, ...] = (
    Alerting,
    Route,
    Grouping,
    Flapping,
    Regime,
    Maintenance,
    *get_args(Receiver),
)

LONGEST = 200
"""Characters of what is said, without the place."""


def in_words(fault: str) -> str:
    """Return a validation error of msgspec as one line that begins with the place.

    Parameters
    ----------
    fault
        Such as ``Expected `int`, got `str` - at `$.routes[0]```.
    """
    said, _, place = fault.rpartition(" - at ")
    if not said:
        said, place = fault, ""
    place = re.sub(r"^`?\$\.?|`$", "", place.replace("`key` in `", "`"))
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", said, re.DOTALL):
        said = _unknown(found[1])
    elif found := re.fullmatch(r"Object missing required field `(.*)`", said):
        said = f"{found[1]} is missing"
    elif found := re.fullmatch(r"Invalid (?:enum )?value '(.*)'", said, re.DOTALL):
        last = re.sub(r".*\.", "", place)
        said = f"{quoted(found[1])} is none of {', '.join(_words_of(last))}"
    elif found := re.fullmatch(r"Expected `(.*?)`(.*?)(?:, got `(.*)`)?", said):
        kinds = " or ".join(KINDS.get(kind, kind) for kind in found[1].split(" | "))
        got = f", not {KINDS.get(found[3], found[3])}" if found[3] else ""
        hint = ": put it in quotes" if found[1] == "str" and got and "array" not in said else ""
        said = f"expected {kinds}{found[2]}{got}{hint}"
    said = visible(said, LONGEST)
    return f"{visible(place, LONGEST)}: {said}" if place else said


def mistake_in_words(value: object) -> str:
    """Say that a value of YAML is no text."""
    if isinstance(value, bool | int | float):
        return f"{value} has no unit, or is not text: write a unit, as in 30s, or put it in quotes"
    return "expected text: put it in quotes"


@cache
def _known() -> tuple[str, ...]:
    names = {one.encode_name for kind in STRUCTURES for one in msgspec.structs.fields(kind)}
    return tuple(sorted({*names, "type"}))


def _unknown(name: str) -> str:
    if f"{name}_env" in _known():
        return (
            f"{name}: a secret is never in this file: name an environment variable with "
            f"{name}_env, or a file with {name}_file"
        )
    close = get_close_matches(name, _known(), n=1)
    meant = f"did you mean {close[0]}?" if close else "docs/alerting.md has them all"
    return f"there is no {quoted(name)} here; {meant}"


def _words_of(name: str) -> list[str]:
    """Return what a field of this name may be."""
    if name == "type":
        return [str(kind.__struct_config__.tag) for kind in get_args(Receiver)]
    words = []
    for kind in STRUCTURES:
        for one in msgspec.structs.fields(kind):
            if one.encode_name == name:
                words += [str(word) for word in get_args(one.type) or list(one.type)]
    return words
