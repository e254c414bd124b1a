"""Choose the files of a folder to read."""

import re
from pathlib import Path

from anomaly_app.errors import DataError
from training.tables.arff import read_arff
from training.tables.contents import read_content
from training.tables.json_rows import is_json
from training.tables.layout import layout_of
from training.tables.text import read_text

SURE = (
    ".csv",
    ".tsv",
    ".psv",
    ".parquet",
    ".pq",
    ".npz",
    ".jsonl",
    ".ndjson",
    ".feather",
    ".arff",
    ".arrow",
)
LIKELY = (".txt", ".dat", ".data", ".tab", ".json")
"""Suffixes of the files to read: those of the first kind or, without any, those of the second or,
without any, all files with a table. A single file may have any suffix."""

NOTES = re.compile(r"(read|about|licen|notice|change|todo|makefile|dockerfile)", re.IGNORECASE)
"""How the names of files about the data start."""

NO_DATA = re.compile(
    r"\.(md|rst|adoc|html?|xml|ya?ml|toml|ini|cfg|py|ipynb|r|sh|sql|js|c|h|java|go|rs|zip|names|bak)$",
    re.IGNORECASE,
)
"""Suffixes of files that are not tables, although they may look like it."""

PACKED = (".gz", ".zst", ".bz2", ".xz")


def files_of(path: Path) -> list[Path]:
    """Return the files to read, sorted by name.

    Raises
    ------
    DataError
        The file or folder does not exist, or the folder has no tables.
    """
    if not path.is_dir():
        if not path.exists():
            raise DataError(f"file not found: {path}")
        return [path]
    inside = sorted(one for one in path.iterdir() if not one.name.startswith("."))
    files = [one for one in inside if one.is_file()]
    if found := [one for one in files if _ending(one) in SURE]:
        return found
    files = [one for one in files if not NOTES.match(one.name) and not NO_DATA.search(one.name)]
    if found := [one for one in files if _ending(one) in LIKELY]:
        return found
    if found := [one for one in files if _holds_table(one)]:
        return found
    folders = [f"{one.name}/" for one in inside if one.is_dir()]
    further = f"; give one of its folders: {', '.join(folders[:8])}" if folders else ""
    raise DataError(
        f"{path} has no CSV, JSON lines, Parquet or npz files, nor other tables{further}"
    )


def _holds_table(file: Path) -> bool:
    """Return whether a file with an unknown suffix is a table."""
    try:
        content = read_content(file)
        if content.kind != "text":
            return True
        text = read_text(file, content)
        return is_json(text) or read_arff(text) is not None or layout_of(text, ()).width > 1
    except DataError:
        return False


def _ending(file: Path) -> str:
    name = file.name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    return Path(name).suffix
