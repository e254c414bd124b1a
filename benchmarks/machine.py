"""Description of the machine in one line."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("confluent-kafka", "faust-streaming", "quixstreams", "scikit-learn", "numpy")


def machine_line(broker: str) -> str:
    """Describe the processor, Python, the libraries and the broker."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    cores = len(os.sched_getaffinity(0))
    return (
        f"{_processor()}, {cores} cores; Python {platform.python_version()}, {versions}; {broker}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
