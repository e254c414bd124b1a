"""Decode text files from common encodings, as UTF-8 with uniform line ends."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from anomaly_app.errors import DataError
from training.tables.contents import Bytes, Content

CHUNK = 1 << 24
"""Number of bytes to check at a time."""

HEAD = 1 << 22
"""Number of bytes at the start of a file from which its layout is detected."""

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order marks and their encodings."""

MANY_NULS = 0.3
"""Minimum share of zeros among the first bytes at even or odd offsets in UTF-16 without a mark."""


@dataclass(frozen=True)
class Text:
    """A text file.

    Parameters
    ----------
    name
        Name of the file.
    data
        UTF-8.
    file
        File with the same bytes; None if they were changed.
    newlines
        Number of newlines.
    quotes
        Number of double quotes.
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
                    "it is not a table with one transaction per line"
                )
        return start.decode("utf-8-sig", errors="replace")


def read_text(file: Path, content: Content) -> Text:
    """Decode a text file.

    Raises
    ------
    DataError
        The file is not text.
    """
    data = content.data
    warnings: tuple[str, ...] = ()
    changed = content.packed
    encoding = _marked(data)
    if encoding != "utf-8":
        data, changed = _decoded(file, data, encoding), True
    valid, newlines, returns, quotes, nul = _survey(data)
    if nul and encoding != "utf-8" and valid:
        # Some databases write it for an empty string.
        data, nul = data[:].replace(b"\0", b""), False
        warnings = (f"{file.name} has null characters, which were removed",)
    if nul:
        raise DataError(
            f"{file} is neither text (it has null bytes) nor a known format: give a CSV, JSON "
            "lines, Parquet or npz file"
        )
    if not valid:
        data, name = _one_byte(data)
        changed = True
        warnings = (*warnings, f"{file.name} is not UTF-8 and was read as {name}")
    if returns and not newlines:
        data, newlines, changed = data[:].replace(b"\r", b"\n"), returns, True
    return Text(file.name, data, None if changed else file, newlines, quotes, warnings)


def _marked(data: Bytes) -> str:
    start = data[:4_096]
    if found := next((name for mark, name in MARKS.items() if start.startswith(mark)), None):
        return found
    for indices, name in ((start[1::2], "utf-16-le"), (start[::2], "utf-16-be")):
        if len(indices) and indices.count(0) / len(indices) > MANY_NULS and _is_text(data, name):
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
            f"{file} starts like {encoding.upper()}, but cannot be decoded: {fault.reason}"
        ) from None


def _survey(data: Bytes) -> tuple[bool, int, int, int, bool]:
    """Check for UTF-8 and null bytes; count line feeds, carriage returns and quotes."""
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
