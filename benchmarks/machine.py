"""Description of the machine in one line."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("confluent-kafka", "faust-streaming", "quixstreams", "scikit-learn", "numpy")


def machine_line(broker: str) -> str:
    """Describe the processor, Python, the libraries and the broker."""
    versions = ", ".join(filter(None, map(_versioned, LIBRARIES)))
    cores = len(os.sched_getaffinity(0))
    return (
        f"{_processor()}, {cores} cores; Python {platform.python_version()}, {versions}; {broker}"
    )


def _versioned(name: str) -> str | None:
    """Return a library with its version; None if it is not installed, as no part needs them all."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return None


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
