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
from training.commands import labelled_sets, options
from training.evaluation.benchmark import Average, Measurement, averages, benchmark
from training.evaluation.protocols import PROTOCOLS, Protocol


@click.command("benchmark", short_help=COMMANDS["benchmark"])
@labelled_sets.folders
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    type=click.Choice(list(PROTOCOLS)),
    help="How to split the sets; can be repeated.  [default: all]  "
    + "; ".join(f"{name}: {words}" for name, words in PROTOCOLS.items())
    + ".",
)
@labelled_sets.seeds(3)
@options.detectors
@click.option("--per-set", is_flag=True, help="Also show the results of each set.")
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write all measurements to this file, as a JSON array of objects.",
)
@one_line_errors
def command(
    *,
    folders: tuple[Path, ...],
    protocols: tuple[Protocol, ...],
    seeds: int,
    detectors: list[str] | None,
    per_set: bool,
    json_file: Path | None,
) -> None:
    """Benchmark detectors on labelled data sets.

    Detectors do not see the labels, which are only used to split a set and to measure. AUC and
    average precision (AP), 0 to 1, are averaged over the seeds and sets.

    \b
    Examples:
      python -m training benchmark --data sets --seeds 1 --detectors default,isolation_forest
      python -m training benchmark --data sets --protocol C --per-set --json measured.json
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    names = detectors or [name for name in DETECTORS if name not in NEEDS_LABELS]
    labelled_sets.check_detectors(names)
    files = labelled_sets.find_all_sets(folders)
    chosen = tuple(dict.fromkeys(protocols)) or tuple(PROTOCOLS)
    steps = [
        f"{file.stem} {protocol} {name}"
        for file, protocol, _, name in product(files, chosen, range(seeds), names)
    ]
    measured = labelled_sets.with_progress(benchmark(files, names, chosen, seeds), steps)
    console = Console()
    if per_set:
        for name in dict.fromkeys(one.dataset for one in measured):
            _show(console, [one for one in measured if one.dataset == name], name)
    _show(console, measured, f"{len(files)} sets")
    if json_file is not None:
        _write(json_file, measured)
        console.print(f"wrote [bold]{escape(str(json_file))}[/]", soft_wrap=True)


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
            f"cannot write {file} ({fault.strerror}): give another file with --json"
        ) from None
