"""Bytes of a text file in any usual encoding, as UTF-8 with one kind of line ends."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from anomaly_app.errors import DataError
from training.tables.contents import Bytes, Content

CHUNK = 1 << 24
"""Bytes that are looked at in one go."""

HEAD = 1 << 22
"""Bytes from the start of a file that tell how it is laid out."""

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Marks at the start of a file (BOM) that tell the encoding."""

MANY_NULS = 0.3
"""Share of the first bytes, at even or at odd places, that are 0 in UTF-16 without a mark."""


@dataclass(frozen=True)
class Text:
    """A text file.

    Parameters
    ----------
    name
        Of the file.
    data
        UTF-8.
    file
        Where `data` stands on disk as it is; None where it was changed.
    newlines
        How many there are.
    quotes
        How many double quotes there are.
    warnings
        One line each.
    """

    name: str
    data: Bytes
    file: Path | None
    newlines: int
    quotes: int
    warnings: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The first whole lines, of up to `HEAD` bytes.

        Raises
        ------
        DataError
            The first line is longer than that.
        """
        start = self.data[:HEAD]
        if len(self.data) > HEAD:
            start, newline, _ = start.rpartition(b"\n")
            if not newline:
                raise DataError(
                    f"the first line of {self.name} is longer than {HEAD >> 20} MB: "
                    "it is no table with one transaction a line"
                )
        return start.decode("utf-8-sig", errors="replace")


def read_text(file: Path, content: Content) -> Text:
    """Bring a text to UTF-8.

    Raises
    ------
    DataError
        The bytes are no text.
    """
    data = content.data
    warnings: tuple[str, ...] = ()
    changed = content.packed
    encoding = _marked(data)
    if encoding != "utf-8":
        data, changed = _decoded(file, data, encoding), True
    valid, newlines, returns, quotes, nul = _survey(data)
    if nul and encoding != "utf-8" and valid:
        # Some databases write it for an empty text.
        data, nul = data[:].replace(b"\0", b""), False
        warnings = (f"{file.name} holds characters of code 0, which were left out",)
    if nul:
        raise DataError(
            f"{file} is no text (it holds bytes that are 0), and no format that is known here: "
            "give a CSV, JSON lines, Parquet or npz file"
        )
    if not valid:
        data, name = _one_byte(data)
        changed = True
        warnings = (*warnings, f"{file.name} is not UTF-8: it was read as {name}")
    if returns and not newlines:
        data, newlines, changed = data[:].replace(b"\r", b"\n"), returns, True
    return Text(file.name, data, None if changed else file, newlines, quotes, warnings)


def _marked(data: Bytes) -> str:
    start = data[:4_096]
    if found := next((name for mark, name in MARKS.items() if start.startswith(mark)), None):
        return found
    for places, name in ((start[1::2], "utf-16-le"), (start[::2], "utf-16-be")):
        if len(places) and places.count(0) / len(places) > MANY_NULS and _is_text(data, name):
            return name
    return "utf-8"


def _is_text(data: Bytes, encoding: str) -> bool:
    try:
        text = data[: 4_096 - 2].decode(encoding)
    except UnicodeDecodeError:
        return False
    return "\x00" not in text


def _decoded(file: Path, data: Bytes, encoding: str) -> bytes:
    try:
        return data[:].decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeDecodeError as fault:
        raise DataError(
            f"{file} begins as {encoding.upper()} and cannot be read as such: {fault.reason}"
        ) from None


def _survey(data: Bytes) -> tuple[bool, int, int, int, bool]:
    """Tell whether bytes are UTF-8; count line feeds, returns and quotes; look for zeros."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, newlines, returns, quotes, nul = True, 0, 0, 0, False
    for start in range(0, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        if valid and not (chunk.isascii() and not decoder.getstate()[0]):
            valid = _decodes(decoder, chunk)
        newlines += chunk.count(b"\n")
        returns += chunk.count(b"\r")
        quotes += chunk.count(b'"')
        nul = nul or b"\x00" in chunk
    return valid and _decodes(decoder, b"", final=True), newlines, returns, quotes, nul


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _one_byte(data: Bytes) -> tuple[bytes, str]:
    try:
        return data[:].decode("cp1252").encode(), "Windows-1252"
    except UnicodeDecodeError:
        return data[:].decode("latin-1").encode(), "Latin-1"
