"""``python -m training evaluate``."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.manifest import Manifest
from anomaly_app.model_store import load_model
from training.cli import COMMANDS, one_line_errors
from training.commands import options
from training.commands.progress import progress
from training.commands.tables import warn
from training.evaluate import Evaluation, evaluate
from training.reading import read_history
from training.report.evaluation import evaluation_report
from training.report.files import write_report
from training.report.words import metric_name


@click.command("evaluate", short_help=COMMANDS["evaluate"])
@options.artifact
@options.data
@options.roles
@options.time_format
@options.report("evaluation-NAME-VERSION.html")
@one_line_errors
def command(
    artifact: Path, data: Path, roles: str, time_format: str | None, report: Path | None
) -> None:
    """Judge an artifact on DATA, and write a report.

    ARTIFACT is a version's folder, or the folder above, whose highest version is taken. The report
    is one HTML file that can be sent to a colleague: scores, alerts over time, and the most
    anomalous transactions with their reasons; with labels also how many anomalies are caught.

    \b
    Examples:
      python -m training evaluate models/transactions newer.csv
      python -m training evaluate models/transactions/3 newer.csv --report for-ada.html
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console, busy = Console(), Console(stderr=True)
    model = load_model(artifact)
    with busy.status(f"reading {escape(str(data))}"):
        history = read_history(
            data, options.read_roles(roles, time_format), learnt=model.manifest.roles
        )
    with progress(busy) as bar:
        task = bar.add_task("scoring", total=len(history))
        evaluation = evaluate(model, history, done=lambda rows: bar.advance(task, rows))
    file = report or Path(f"evaluation-{_file_name(model.manifest)}.html")
    with busy.status("writing the report"):
        write_report(file, evaluation_report(evaluation, when=datetime.now(tz=UTC)))
    console.print(_metrics_table(evaluation))
    warn(console, evaluation.warnings)
    console.print(f"wrote [bold]{escape(str(file))}[/]: open it in a browser", soft_wrap=True)


def _file_name(manifest: Manifest) -> str:
    return f"{manifest.name}-{manifest.version}".replace("/", "-")


def _metrics_table(evaluation: Evaluation) -> Table:
    manifest = evaluation.manifest
    table = Table(
        "measure",
        "value",
        title=escape(
            f"{manifest.name} {manifest.version} ({manifest.detector}) on "
            f"{evaluation.history.source}"
        ),
    )
    table.add_row("transactions", f"{len(evaluation.history):,}")
    for name, value in evaluation.metrics.items():
        table.add_row(metric_name(name), f"{value:.4f}")
    table.add_row("threshold on the score", f"{manifest.threshold:.3f}")
    table.add_row("asked alert rate", f"{manifest.alert_rate:.4f}")
    return table
