"""Options and progress of the commands that run detectors on folders of labelled data sets."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from anomaly_app.core.detectors import NEEDS_LABELS
from training.commands.options import Command
from training.commands.progress import progress
from training.evaluation.protocols import find_sets, read_set

Result = TypeVar("Result")

folders = click.option(
    "--data",
    "folders",
    required=True,
    multiple=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Folder of npz files, each with arrays X (rows, features) and y (1 = anomaly); can be "
    "repeated.",
)


def seeds(default: int) -> Callable[[Command], Command]:
    """Make the option for the number of splits."""
    return click.option(
        "--seeds",
        default=default,
        show_default=True,
        type=click.IntRange(min=1),
        help="Number of splits of each set and protocol.",
    )


def check_detectors(names: Sequence[str]) -> None:
    """Check that detectors need no labels.

    Raises
    ------
    click.UsageError
        A detector needs labels.
    """
    if refused := sorted(NEEDS_LABELS.intersection(names)):
        raise click.UsageError(
            f"{', '.join(refused)} needs labels, which detectors do not get here: remove it from "
            "--detectors, or use `compare`"
        )


def find_all_sets(folders: Sequence[Path]) -> list[Path]:
    """Find the sets of several folders, and check each of them before anything slow begins.

    Raises
    ------
    DataError
        A folder has no sets, or a file is not a labelled set.
    """
    files = list(dict.fromkeys(file for folder in folders for file in find_sets(folder)))
    for file in files:
        read_set(file)
    return files


def with_progress(results: Iterable[Result], steps: Sequence[str]) -> list[Result]:
    """Collect results behind a progress bar.

    Parameters
    ----------
    results
        One for each step, computed when they are asked for.
    steps
        Descriptions of the steps, in order; the bar shows the one that is running.
    """
    collected: list[Result] = []
    with progress(Console(stderr=True)) as bar:
        task = bar.add_task(steps[0], total=len(steps))
        for result in results:
            collected.append(result)
            running = steps[min(len(collected), len(steps) - 1)]
            bar.update(task, completed=len(collected), description=running)
    return collected
