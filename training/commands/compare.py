"""``python -m training compare``."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.detectors import DETECTORS
from training.cli import COMMANDS, one_line_errors
from training.commands import options
from training.commands.progress import progress
from training.commands.reading import read_data
from training.commands.tables import warn
from training.compare import Comparison, compare
from training.report.columns import columns_of
from training.report.comparison import comparison_report
from training.report.files import write_report
from training.topic import TopicAddress


@click.command("compare", short_help=COMMANDS["compare"])
@options.data_or_topic
@options.roles
@options.time_format
@options.last
@options.detectors
@click.option(
    "--held-back",
    default=0.25,
    show_default=True,
    type=options.SHARE,
    help="Share of the rows that detectors are judged on: the latest, where there is a time. No "
    "fit sees them.",
)
@options.report("comparison-DATA.html")
@options.seed
@one_line_errors
def command(
    data: Path | TopicAddress,
    roles: str,
    time_format: str | None,
    last: float | None,
    detectors: list[str] | None,
    held_back: float,
    report: Path | None,
    seed: int,
) -> None:
    """Compare all detectors on DATA, and write a report.

    Each is fitted and calibrated on the first part of the data and judged on the rest: with labels
    by how many anomalies it catches and how often it is right, without by anomalies that are
    planted, and by whether detectors, and fits with other seeds, agree. The report explains each
    number.

    \b
    Examples:
      python -m training compare history.csv
      python -m training compare history.csv --detectors default,knn,isolation_forest
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console, busy = Console(), Console(stderr=True)
    history = read_data(data, options.read_roles(roles, time_format), busy, last=last)
    names = detectors or list(DETECTORS)
    with progress(busy) as bar:
        task = bar.add_task("", total=len(names))

        def turn(place: int, name: str) -> None:
            bar.update(task, completed=place, description=name)

        comparison = compare(history, names, held_back=held_back, seed=seed, turn=turn)
    name = data.topic if isinstance(data, TopicAddress) else data.resolve().name.split(".")[0]
    file = report or Path(f"comparison-{name}.html")
    with busy.status("writing the report"):
        write_report(file, comparison_report(comparison, when=datetime.now(tz=UTC)))
    show(console, comparison)
    console.print(f"wrote [bold]{escape(str(file))}[/]: open it in a browser", soft_wrap=True)


def show(console: Console, comparison: Comparison) -> None:
    """Show all detectors, best first, and what is to be known of the numbers."""
    columns = columns_of(comparison)
    table = Table(
        title=escape(
            f"detectors on {len(comparison.judged):,} unseen rows of {comparison.judged.source}"
        ),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("detector", no_wrap=True)
    for column in columns:
        table.add_column(column.short, justify="right", no_wrap=True)
    for contender in comparison.contenders:
        table.add_row(contender.detector, *(column.cell(contender) for column in columns))
    console.print(table)
    for name, reason in comparison.left_out.items():
        console.print(f"[yellow]left out[/] {name}: {escape(reason)}")
    warn(console, comparison.best.model.manifest.training.warnings)
