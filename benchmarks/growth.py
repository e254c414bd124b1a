"""How the cost per row grows."""

from pathlib import Path

from rich.progress import Progress

from benchmarks.broker import Broker


def measure_growth(
    broker: Broker, folder: Path, progress: Progress, *, out: Path, machine: str
) -> None:
    """Do."""
