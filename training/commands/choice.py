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

from anomaly_app.core.detectors import NEEDS_LABELS
from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import options
from training.commands.progress import progress
from training.evaluation.choice import (
    CANDIDATES,
    GROUPS,
    SHUFFLINGS,
    Figures,
    Judgement,
    judge,
    measure_all,
)
from training.evaluation.protocols import PROTOCOLS, find_sets, read_set

SINGLES = [
    *("knn", "gaussian_mixture", "isolation_forest", "local_outlier_factor", "kmeans"),
    "one_class_svm",
]
"""Compared with where nothing else is asked for: those that are fitted in seconds."""

SHOWN = 5
"""Weightings that are listed, the most often chosen first."""


@click.command("choice", short_help=COMMANDS["choice"])
@click.option(
    "--data",
    "folders",
    required=True,
    multiple=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Folder of npz files as for `benchmark`; can be given more than once.",
)
@click.option(
    "--seeds",
    default=2,
    show_default=True,
    type=click.IntRange(min=1),
    help="Number of splits of each set and protocol.",
)
@click.option(
    "--shufflings",
    default=SHUFFLINGS,
    show_default=True,
    type=click.IntRange(min=1),
    help=f"Times that the sets are divided into {GROUPS} groups.",
)
@options.detectors
@one_line_errors
def command(
    *, folders: tuple[Path, ...], seeds: int, shufflings: int, detectors: list[str] | None
) -> None:
    """Judge the default's weights on data sets that are left out.

    Sets are divided into groups. Without one group, the weights (0, 1 or 2 for each member) and
    the exponent with the best mean of AUC and average precision (AP) are chosen, and measured on
    that group; so is the best single detector. The spread (±) is the standard deviation over the
    divisions into groups; that of a difference over the sets says how far it may be luck.

    \b
    Example:
      python -m training choice --data sets --data more-sets --seeds 2 --detectors knn,kmeans
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    names = detectors or SINGLES
    if learners := sorted(NEEDS_LABELS.intersection(names)):
        raise click.UsageError(
            f"{', '.join(learners)} learns from labels, which are not given here: leave it out "
            "of --detectors"
        )
    files = [file for folder in folders for file in find_sets(folder)]
    for file in files:
        read_set(file)  # one that is unusable ends this now, not after minutes
    judged = judge(_measure(files, names, seeds), shufflings)
    console = Console()
    console.print(_table(judged, f"{len(files)} sets, {seeds} seeds, {shufflings} shufflings"))
    console.print(_chosen("weighting", judged.chosen, lambda place: str(CANDIDATES[place])))
    console.print(_chosen("single detector", judged.chosen_singles, names.__getitem__))


def _measure(files: list[Path], names: list[str], seeds: int) -> list[Figures]:
    # The order in which `measure_all` goes: a bar shows what is in hand, not what is done.
    turns = [
        f"{file.stem} {protocol}" for file, protocol, _ in product(files, PROTOCOLS, range(seeds))
    ]
    measured: list[Figures] = []
    with progress(Console(stderr=True)) as bar:
        task = bar.add_task(turns[0], total=len(turns))
        for one in measure_all(files, names, seeds):
            measured.append(one)
            in_hand = turns[min(len(measured), len(turns) - 1)]
            bar.update(task, completed=len(measured), description=in_hand)
    return measured


def _table(judged: Judgement, title: str) -> Table:
    table = Table(title=title)
    table.add_column("", no_wrap=True)
    for protocol, name in product(PROTOCOLS, ("AUC", "AP")):
        table.add_column(f"{name}, {protocol}", justify="right", no_wrap=True)
    difference = judged.choice - judged.single
    of_default = judged.default - judged.single
    table.add_row("choice, held out", *_over_shufflings(judged.choice))
    table.add_row("today's weights", *(f"{mean:.3f}" for mean in judged.default.mean(axis=0).flat))
    table.add_row("best single, held out", *_over_shufflings(judged.single), end_section=True)
    table.add_row("choice - single", *_over_shufflings(difference, "+.3f"))
    table.add_row("  standard error over sets", *_over_sets(difference))
    table.add_row("today's - single", *_over_shufflings(of_default, "+.3f"))
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
    for place, times in counted.most_common(SHOWN):
        table.add_row(f"{times} of {counted.total()}", name(place))
    return table
