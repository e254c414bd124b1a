"""``python -m training compare``."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.detectors import DETECTORS
from anomaly_app.core.wording import percent
from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import options
from training.commands.progress import progress
from training.commands.reading import read_data, with_memory
from training.commands.tables import warn
from training.evaluation.compare import compare
from training.evaluation.contenders import Comparison, Contender
from training.evaluation.recommendation import recommendation
from training.history.topic import TopicAddress
from training.report.comparison import comparison_report
from training.report.comparison_columns import Column, columns_of
from training.report.files import write_report


@click.command("compare", short_help=COMMANDS["compare"])
@options.data_or_topic
@options.roles
@options.time_format
@options.last
@options.memory
@options.detectors
@click.option(
    "--held-back",
    default=0.25,
    show_default=True,
    type=options.SHARE,
    help="Share of the rows to judge detectors on: the latest, if there are times.",
)
@options.report("comparison-DATA.html")
@options.seed
@one_line_errors
def command(
    data: Path | TopicAddress,
    roles: str,
    time_format: str | None,
    last: float | None,
    memory: str | None,
    detectors: list[str] | None,
    held_back: float,
    report: Path | None,
    seed: int,
) -> None:
    """Compare detectors on DATA and write a report.

    Each detector is fitted and calibrated on the first part of the data and judged on the rest.
    With labels, detectors are ranked by how well they rank the anomalies; without labels, by
    how well they find synthetic anomalies. The report has confidence intervals, and explains each
    number.

    \b
    Examples:
      python -m training compare history.csv
      python -m training compare history.csv --detectors default,knn,isolation_forest
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console, busy = Console(), Console(stderr=True)
    history = read_data(data, options.read_roles(roles, time_format), busy, last=last)
    history = with_memory(history, memory, busy)
    names = detectors or list(DETECTORS)
    with progress(busy) as bar:
        task = bar.add_task("", total=len(names))

        def show_running(index: int, name: str) -> None:
            bar.update(task, completed=index, description=name)

        comparison = compare(
            history, names, held_back=held_back, seed=seed, on_detector=show_running
        )
    name = data.topic if isinstance(data, TopicAddress) else data.resolve().name.split(".")[0]
    file = report or Path(f"comparison-{name}.html")
    with busy.status("writing the report"):
        write_report(file, comparison_report(comparison, when=datetime.now(tz=UTC)))
    show(console, comparison)
    console.print(f"wrote [bold]{escape(str(file))}[/]: open it in a browser", soft_wrap=True)


def show(console: Console, comparison: Comparison) -> None:
    """Show all detectors, best first, with confidence intervals."""
    columns = columns_of(comparison)
    table = Table(
        title=escape(
            f"detectors on {len(comparison.judged):,} held-back rows of {comparison.judged.source}"
        ),
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("detector", no_wrap=True)
    ranked, *others = columns
    table.add_column(ranked.short, justify="right", no_wrap=True)
    if comparison.sure:
        table.add_column("95%", justify="right", no_wrap=True)
    for column in others:
        table.add_column(column.short, justify="right", no_wrap=True)
    for contender in comparison.contenders:
        tie = "=" if comparison.ties(contender) else " "
        between = [ranked.between(contender, 2)] if comparison.sure else []
        cells = [_marked(column, contender) for column in others]
        table.add_row(contender.detector, f"{ranked.cell(contender)}{tie}", *between, *cells)
    console.print(table)
    if any(comparison.ties(contender) for contender in comparison.contenders):
        console.print("= tied with the first: the difference may be chance")
    if any(contender.alert_share for contender in comparison.contenders):
        asked = percent(comparison.best.model.manifest.alert_rate)
        console.print(f"[red]! alerts on far more or fewer rows than requested ({asked})[/]")
    console.print(f"[bold]{escape(recommendation(comparison))}[/]", highlight=False)
    for name, reason in comparison.left_out.items():
        console.print(f"[yellow]left out[/] {name}: {escape(reason)}")
    warn(console, comparison.warnings)
    warn(console, comparison.best.model.manifest.training.warnings)


def _marked(column: Column, contender: Contender) -> str:
    if column.measure == "alert_rate" and contender.alert_share is not None:
        return f"[red]{column.cell(contender)}![/]"
    return column.cell(contender)
