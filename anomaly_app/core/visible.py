"""Make text from the stream safe for a terminal and for one line of a log."""

from collections.abc import Iterable
from itertools import islice


def visible(data: bytes | str, most: int) -> str:
    """Escape at most `most` characters of anything to printable characters on one line."""
    if isinstance(data, bytes):
        # A character has at most 4 bytes; one that is cut here is beyond those shown.
        data = data[: 4 * most + 4].decode(errors="backslashreplace")
    shown = "".join(sign if sign.isprintable() else _escaped(sign) for sign in data[:most])
    return shown + "…" if len(data) > most else shown


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", errors="backslashreplace").decode("ascii")


MOST_QUOTED = 40
"""Maximum length of a string quoted in a message."""


def quoted(text: str, most: int = MOST_QUOTED) -> str:
    """Quote a string as JSON does, in printable characters."""
    return f'"{visible(text, most)}"'


def listed(names: Iterable[str], *, most: int, longest: int = MOST_QUOTED) -> str:
    """List a few names, with an ellipsis if there are more."""
    first = [*islice(names, most + 1)]
    shown = [visible(name, longest) or '""' for name in first[:most]]
    return ", ".join([*shown, "…"] if len(first) > most else shown)


def printable(text: str, most: int) -> str:
    """Shorten any text to one printable line; what a terminal would act on is replaced."""
    line = " ".join(text[: 4 * most].split())[: most + 1]
    if not line.isprintable():
        line = "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
    return line if len(line) <= most else line[: most - 1] + "…"
