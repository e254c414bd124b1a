"""Detect the type of a file from its first bytes, and decompress it."""

import bz2
import gzip
import lzma
import mmap
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import cramjam

from anomaly_app.errors import DataError

Bytes: TypeAlias = bytes | mmap.mmap
Kind: TypeAlias = Literal["text", "parquet", "arrow", "npz"]

COMPRESSED = {
    b"\x1f\x8b": gzip.decompress,
    b"\x28\xb5\x2f\xfd": lambda data: bytes(cramjam.zstd.decompress(data)),
    b"BZh": bz2.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
}
"""First bytes of compressed files, and how to decompress them."""

TABLES: dict[bytes, Kind] = {b"PAR1": "parquet", b"ARROW1": "arrow"}

OTHERS = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x93NUMPY": "a single numpy array",
    b"MATLAB 5.0": "a MATLAB file",
    b"\x7fELF": "a program",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML document",
}
"""First bytes of files that are not tables."""

BLANK = b" \r\n\t\xef\xbb\xbf"

ENDINGS: dict[str, Kind] = {".parquet": "parquet", ".npz": "npz", ".feather": "arrow"}
"""Types that a file must have by its suffix."""

MAX_NAMES = 3

TAR_MARK = slice(257, 262)


class Content(NamedTuple):
    """The bytes of a file, and their type."""

    kind: Kind
    data: Bytes
    packed: bool
    """Whether the file is compressed."""


def read_content(file: Path) -> Content:
    """Read and decompress a file, and detect its type.

    Raises
    ------
    DataError
        The file cannot be read, is empty or broken, or is not a table.
    """
    data = _mapped(file)
    packed = False
    while unpack := next(
        (way for mark, way in COMPRESSED.items() if data[:6].startswith(mark)), None
    ):
        try:
            data, packed = unpack(data[:]), True
        except (
            OSError,
            EOFError,
            zlib.error,
            lzma.LZMAError,
            ValueError,
            cramjam.DecompressionError,
        ) as fault:
            raise DataError(
                f"cannot decompress {file} ({_line(fault)}): it may be truncated; copy it again"
            ) from None
    if not data[:64].strip(BLANK) and not data[:].strip(BLANK):
        raise DataError(f"cannot read {file} as a table: it is empty")
    kind = _kind(file, data)
    if (said := ENDINGS.get(file.suffix, kind)) != kind:
        raise DataError(
            f"cannot read {file} as {said}: it does not start like such a file; copy it again, or "
            "rename it to match its type"
        )
    return Content(kind, data, packed)


def _mapped(file: Path) -> Bytes:
    try:
        with file.open("rb") as opened:
            if file.stat().st_size == 0:
                return b""
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as fault:
        raise DataError(f"cannot read {file}: {_line(fault)}") from None


def _kind(file: Path, data: Bytes) -> Kind:
    head = data[:16]
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(file, data)
    if found := next((kind for mark, kind in TABLES.items() if head.startswith(mark)), None):
        return found
    other = next((name for mark, name in OTHERS.items() if head.startswith(mark)), None)
    if data[TAR_MARK] == b"ustar":
        other = "a tar archive"
    if other is not None:
        raise _no_table(file, other)
    return "text"


def _kind_of_zip(file: Path, data: Bytes) -> Kind:
    try:
        names = zipfile.ZipFile(BytesIO(data[:])).namelist()
    except zipfile.BadZipFile:
        raise DataError(_no_table(file, "a broken zip archive", "copy it again")) from None
    if any(name.endswith(".npy") for name in names):
        return "npz"
    if any(name == "[Content_Types].xml" for name in names):
        raise DataError(
            f"cannot read {file} as a table: it is an Excel workbook; save the sheet as CSV"
        )
    inside = ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
    raise _no_table(file, "a zip archive", f"extract it (it has {inside}) and give the file")


def _no_table(file: Path, other: str, hint: str = "") -> DataError:
    hint = hint or "give a CSV, JSON lines, Parquet or npz file"
    return DataError(f"cannot read {file} as a table: it is {other}; {hint}")


def _line(fault: Exception) -> str:
    return " ".join(str(fault).split()) or type(fault).__name__
