"""Read Weka's ARFF: column names in lines of their own, followed by delimited rows."""

import re
from dataclasses import replace

from training.tables.text import Text

ATTRIBUTE = re.compile(r"""^@attribute\s+("[^"]*"|'[^']*'|\S+)""", re.IGNORECASE)
DATA = re.compile(rb"^[ \t]*@data\b[^\n]*\n", re.IGNORECASE | re.MULTILINE)


def read_arff(text: Text) -> tuple[Text, tuple[str, ...]] | None:
    """Return the rows and the column names of an ARFF file; None for other files."""
    head = text.head
    lines = [line.strip() for line in head.splitlines()]
    first = next((line for line in lines if line and not line.startswith("%")), "")
    found = DATA.search(head.encode())
    if not first.lower().startswith("@relation") or found is None:
        return None
    names = [one.group(1).strip("\"'") for line in lines if (one := ATTRIBUTE.match(line))]
    # Empty lines in place of the names keep the line numbers.
    start = text.data[: len(head.encode())].find(found.group())
    rows = text.data[start + len(found.group()) :]
    before = text.data[: start + len(found.group())].count(b"\n")
    quotes = rows.count(b'"')
    return replace(text, data=b"\n" * before + rows, file=None, quotes=quotes), tuple(names)
