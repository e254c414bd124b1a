"""Weka's ARFF: names of the columns in lines of their own, and separated cells below them."""

import re
from dataclasses import replace

from training.tables.text import Text

ATTRIBUTE = re.compile(r"""^@attribute\s+("[^"]*"|'[^']*'|\S+)""", re.IGNORECASE)
DATA = re.compile(rb"^[ \t]*@data\b[^\n]*\n", re.IGNORECASE | re.MULTILINE)


def read_arff(text: Text) -> tuple[Text, tuple[str, ...]] | None:
    """Give the rows of an ARFF file and the names of their columns; None for any other file."""
    head = text.head
    lines = [line.strip() for line in head.splitlines()]
    first = next((line for line in lines if line and not line.startswith("%")), "")
    found = DATA.search(head.encode())
    if not first.lower().startswith("@relation") or found is None:
        return None
    names = [one.group(1).strip("\"'") for line in lines if (one := ATTRIBUTE.match(line))]
    # Empty lines in place of the names keep the numbers of the lines.
    start = text.data[: len(head.encode())].find(found.group())
    rows = text.data[start + len(found.group()) :]
    before = text.data[: start + len(found.group())].count(b"\n")
    quotes = rows.count(b'"')
    return replace(text, data=b"\n" * before + rows, file=None, quotes=quotes), tuple(names)
