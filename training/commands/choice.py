"""``python -m training choice``."""

from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import labelled_sets, options
from training.evaluation.choice import (
    CANDIDATES,
    GROUPS,
    SHUFFLINGS,
    Judgement,
    judge,
    measure_all,
)
from training.evaluation.protocols import PROTOCOLS

SINGLES = [
    *("knn", "gaussian_mixture", "isolation_forest", "local_outlier_factor", "kmeans"),
    "one_class_svm",
]
"""Single detectors to compare with by default: those that fit in seconds."""

SHOWN = 5
"""Number of weightings to list, most often chosen first."""


@click.command("choice", short_help=COMMANDS["choice"])
@labelled_sets.folders
@labelled_sets.seeds(2)
@click.option(
    "--shufflings",
    default=SHUFFLINGS,
    show_default=True,
    type=click.IntRange(min=1),
    help=f"Number of times to divide the sets into {GROUPS} groups.",
)
@options.detectors
@one_line_errors
def command(
    *, folders: tuple[Path, ...], seeds: int, shufflings: int, detectors: list[str] | None
) -> None:
    """Cross-validate the weights of the default detector.

    The data sets are divided into groups. For each group, the weights (0, 1 or 2 for each member)
    and the exponent with the best mean of AUC and average precision (AP) on the other groups are
    chosen, and measured on that group. The same is done for the best single detector. ± is the
    standard deviation over the divisions into groups; the standard error over the sets says how
    much of a difference may be luck.

    \b
    Example:
      python -m training choice --data sets --data more-sets --seeds 2 --detectors knn,kmeans
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    names = detectors or SINGLES
    labelled_sets.check_detectors(names)
    files = labelled_sets.find_all_sets(folders)
    steps = [
        f"{file.stem} {protocol}" for file, protocol, _ in product(files, PROTOCOLS, range(seeds))
    ]
    measured = labelled_sets.with_progress(measure_all(files, names, seeds), steps)
    judged = judge(measured, shufflings)
    console = Console()
    console.print(_table(judged, f"{len(files)} sets, {seeds} seeds, {shufflings} shufflings"))
    console.print(_chosen("weighting", judged.chosen, lambda index: str(CANDIDATES[index])))
    console.print(_chosen("single detector", judged.chosen_singles, names.__getitem__))


def _table(judged: Judgement, title: str) -> Table:
    table = Table(title=title)
    table.add_column("", no_wrap=True)
    for protocol, name in product(PROTOCOLS, ("AUC", "AP")):
        table.add_column(f"{name}, {protocol}", justify="right", no_wrap=True)
    difference = judged.choice - judged.single
    of_default = judged.default - judged.single
    table.add_row("chosen, held out", *_over_shufflings(judged.choice))
    table.add_row("current weights", *(f"{mean:.3f}" for mean in judged.default.mean(axis=0).flat))
    table.add_row("best single, held out", *_over_shufflings(judged.single), end_section=True)
    table.add_row("chosen - single", *_over_shufflings(difference, "+.3f"))
    table.add_row("  standard error over sets", *_over_sets(difference))
    table.add_row("current - single", *_over_shufflings(of_default, "+.3f"))
    table.add_row("  standard error over sets", *_over_sets(of_default))
    return table


def _over_shufflings(figures: npt.NDArray[np.float64], form: str = ".3f") -> list[str]:
    of_each = figures.mean(axis=1).reshape(len(figures), -1)
    ends = zip(of_each.mean(axis=0), of_each.std(axis=0), strict=True)
    return [f"{mean:{form}} ± {spread:.3f}" for mean, spread in ends]


def _over_sets(figures: npt.NDArray[np.float64]) -> list[str]:
    of_each = figures.mean(axis=0).reshape(figures.shape[1], -1)
    errors = of_each.std(axis=0, ddof=1) / np.sqrt(len(of_each))
    return [f"{error:.3f}" for error in errors]


def _chosen(title: str, counted: Counter[int], name: Callable[[int], str]) -> Table:
    table = Table()
    table.add_column("chosen", justify="right")
    table.add_column(title)
    for index, times in counted.most_common(SHOWN):
        table.add_row(f"{times} of {counted.total()}", name(index))
    return table
