"""JSON without some of its texts; everything else of it stays as it was written."""

import json
import re
from collections.abc import Callable, Container

ERASED = "erased"
"""What stands for a text that named an erased entity. The whole text goes: of two names that
overlap, what is left would depend on which was erased first."""

LITERAL = re.compile(r'("(?:\\.|[^"\\])*+")(\s*+:)?', re.DOTALL)
"""A text of JSON, and whether it is the name of a field."""


def redacted(
    document: str, is_named: Callable[[str], bool], fields: Container[str] | None = None
) -> str:
    """Return a JSON document with `ERASED` for each text that names somebody.

    Parameters
    ----------
    document
        JSON; anybody may have written it.
    is_named
        Whether a text names somebody.
    fields
        Names of the fields whose texts are looked at, besides those in lists; None: all.
    """
    parts: list[str] = []
    done = 0
    field, after_field = "", -1
    for found in LITERAL.finditer(document):
        if found[2] is not None:
            field, after_field = found[1][1:-1], found.end()
            continue
        is_of_field = after_field >= 0 and not document[after_field : found.start()].strip()
        is_looked_at = fields is None or not is_of_field or field in fields
        if is_looked_at and is_named(_text(found[1])):
            parts += [document[done : found.start()], f'"{ERASED}"']
            done = found.end()
    return "".join([*parts, document[done:]])


def _text(literal: str) -> str:
    if "\\" not in literal:
        return literal[1:-1]
    try:
        # Not msgspec, which refuses half a pair of surrogates.
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal[1:-1]
