"""``python -m training benchmark``."""

from itertools import product
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.detectors import DETECTORS, NEEDS_LABELS
from anomaly_app.errors import DataError
from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import options
from training.commands.progress import progress
from training.evaluation.benchmark import Average, Measurement, averages, benchmark
from training.evaluation.protocols import PROTOCOLS, Protocol, find_sets, read_set


@click.command("benchmark", short_help=COMMANDS["benchmark"])
@click.option(
    "--data",
    required=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Folder of npz files, each with arrays X (rows, features) and y (1 = anomaly).",
)
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    type=click.Choice(list(PROTOCOLS)),
    help="How sets are split; can be given more than once.  [default: each]  "
    + "; ".join(f"{name}: {words}" for name, words in PROTOCOLS.items())
    + ".",
)
@click.option(
    "--seeds",
    default=3,
    show_default=True,
    type=click.IntRange(min=1),
    help="Number of splits of each set.",
)
@options.detectors
@click.option("--per-set", is_flag=True, help="Also show each set.")
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write every measurement to this file, as a JSON list of objects.",
)
@one_line_errors
def command(
    *,
    data: Path,
    protocols: tuple[Protocol, ...],
    seeds: int,
    detectors: list[str] | None,
    per_set: bool,
    json_file: Path | None,
) -> None:
    """Compare detectors on a folder of labelled data sets.

    Detectors do not see the labels: these are used to split a set and to measure. AUC and average
    precision (AP), 0 to 1, are averaged over the seeds, then over the sets.

    \b
    Examples:
      python -m training benchmark --data sets --seeds 1 --detectors default,isolation_forest
      python -m training benchmark --data sets --protocol C --per-set --json measured.json
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    names = detectors or [name for name in DETECTORS if name not in NEEDS_LABELS]
    if learners := sorted(NEEDS_LABELS.intersection(names)):
        raise click.UsageError(
            f"{', '.join(learners)} learns from labels, which the benchmark does not give it: "
            "leave it out of --detectors, or use `compare`"
        )
    files = find_sets(data)
    for file in files:
        read_set(file)  # one that is unusable ends this now, not after an hour
    chosen = tuple(dict.fromkeys(protocols)) or tuple(PROTOCOLS)
    measured = _measure(files, names, chosen, seeds)
    console = Console()
    if per_set:
        for name in dict.fromkeys(one.dataset for one in measured):
            _show(console, [one for one in measured if one.dataset == name], name)
    _show(console, measured, f"{len(files)} sets")
    if json_file is not None:
        _write(json_file, measured)
        console.print(f"wrote [bold]{escape(str(json_file))}[/]", soft_wrap=True)


def _measure(
    files: list[Path], names: list[str], protocols: tuple[Protocol, ...], seeds: int
) -> list[Measurement]:
    # The order in which `benchmark` goes: a bar shows what is in hand, not what is done.
    turns = [
        f"{file.stem} {protocol} {name}"
        for file, protocol, _, name in product(files, protocols, range(seeds), names)
    ]
    measured: list[Measurement] = []
    with progress(Console(stderr=True)) as bar:
        task = bar.add_task(turns[0], total=len(turns))
        for one in benchmark(files, names, protocols, seeds):
            measured.append(one)
            in_hand = turns[min(len(measured), len(turns) - 1)]
            bar.update(task, completed=len(measured), description=in_hand)
    return measured


def _show(console: Console, measured: list[Measurement], title: str) -> None:
    rows = averages(measured)
    for protocol in dict.fromkeys(row.protocol for row in rows):
        chosen = [row for row in rows if row.protocol == protocol]
        console.print(_table(f"{title}, protocol {protocol}", chosen))


def _table(title: str, rows: list[Average]) -> Table:
    table = Table(title=escape(title))
    table.add_column("detector", no_wrap=True)
    for name in ("AUC", "AP", "µs/row", "fit s"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.detector,
            f"{row.auc:.3f}",
            f"{row.ap:.3f}",
            f"{row.us_per_row:.2f}",
            f"{row.fit_seconds:.2f}",
        )
    return table


def _write(file: Path, measured: list[Measurement]) -> None:
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=1) + b"\n")
    except OSError as fault:
        raise DataError(
            f"{file} cannot be written ({fault.strerror}): name another file with --json"
        ) from None
