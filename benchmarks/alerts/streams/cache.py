"""Finished streams on disk, so that each is made once for each version of the code."""

import gzip
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

from benchmarks.alerts.stream import Stream

FOLDER = Path("build/bench-alerts")

ROOT = Path(__file__).parents[3]
MAKERS = (
    "benchmarks/alerts/stream.py", "benchmarks/alerts/streams", "demo/simulators",
    "anomaly_app/core", "training",
)  # fmt: skip
"""Files and folders whose code makes streams."""

READERS = ("anomaly_app/core/alerts", "anomaly_app/core/monitoring")
"""Folders among them whose code does not."""

_decoder = msgspec.msgpack.Decoder(Stream)


def cached(name: str, make: Callable[[], Stream], folder: Path = FOLDER) -> Stream:
    """Read a stream from disk, or make it and write it.

    Parameters
    ----------
    name
        Its name, and all that it depends on beside the code.
    make
        Makes it.
    folder
        Where streams are kept.
    """
    file = folder / f"{name}-{code_version()}.msgpack.gz"
    if file.exists():
        return _decoder.decode(gzip.decompress(file.read_bytes()))
    stream = make()
    folder.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(gzip.compress(msgspec.msgpack.encode(stream), compresslevel=3))
    part.replace(file)
    return stream


@cache
def code_version() -> str:
    """Return a short hash of all code that makes streams."""
    digest = hashlib.sha256()
    for maker in MAKERS:
        of = ROOT / maker
        for file in sorted(of.rglob("*.py")) if of.is_dir() else [of]:
            path = file.relative_to(ROOT)
            if not any(path.is_relative_to(reader) for reader in READERS):
                digest.update(str(path).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]
