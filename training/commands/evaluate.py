"""``python -m training evaluate``."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.wording import percent
from anomaly_app.registry.artifacts import load_model
from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import options
from training.commands.progress import progress
from training.commands.tables import warn
from training.evaluation.evaluate import Evaluation, evaluate
from training.history.model_roles import read_for_model
from training.report.evaluation import evaluation_report
from training.report.files import write_report
from training.report.words import interval_in_words, metric_name, metric_value


@click.command("evaluate", short_help=COMMANDS["evaluate"])
@options.artifact
@options.data
@options.roles
@options.time_format
@click.option(
    "--past",
    type=click.Path(path_type=Path),
    help="Rows before DATA, such as the history that the model was fitted on. A model with a "
    "memory remembers them first; without them it knows no entity.",
)
@options.report("evaluation-NAME-VERSION.html")
@one_line_errors
def command(
    artifact: Path,
    data: Path,
    roles: str,
    time_format: str | None,
    past: Path | None,
    report: Path | None,
) -> None:
    """Evaluate a model on DATA and write a report.

    ARTIFACT is the folder of a version, or its parent, which means the highest version. DATA is
    read with the roles of the model, so a file with the same columns as the history needs no
    --roles. The report is a single HTML file with scores, alerts over time, the most anomalous
    rows with their reasons and, given labels, precision and recall.

    \b
    Examples:
      python -m training evaluate models/transactions newer.csv
      python -m training evaluate models/transactions other.csv --roles 'amount=amt'
      python -m training evaluate models/transactions/3 newer.csv --report for-ada.html
      python -m training evaluate models/payments newer.csv --past history.csv
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console, busy = Console(), Console(stderr=True)
    model = load_model(artifact)
    with busy.status(f"reading {escape(str(data))}"):
        said = options.read_roles(roles, time_format)
        history = read_for_model(data, model.manifest, said)
        before = None if past is None else read_for_model(past, model.manifest, said)
    with progress(busy) as bar:
        task = bar.add_task("scoring", total=len(history))
        evaluation = evaluate(
            model, history, past=before, done=lambda rows: bar.advance(task, rows)
        )
    file = report or Path(f"evaluation-{_file_name(model.manifest)}.html")
    with busy.status("writing the report"):
        write_report(file, evaluation_report(evaluation, when=datetime.now(tz=UTC)))
    console.print(_metrics_table(evaluation))
    _show_alert_share(console, evaluation)
    warn(console, evaluation.warnings)
    console.print(f"wrote [bold]{escape(str(file))}[/]: open it in a browser", soft_wrap=True)


def _file_name(manifest: Manifest) -> str:
    return f"{manifest.name}-{manifest.version}".replace("/", "-")


def _metrics_table(evaluation: Evaluation) -> Table:
    manifest = evaluation.manifest
    table = Table(
        "measure",
        "value",
        "95% interval",
        title=escape(
            f"{manifest.name} {manifest.version} ({manifest.detector}) on "
            f"{evaluation.history.source}"
        ),
    )
    table.add_row("rows", f"{len(evaluation.history):,}")
    table.add_row("requested alert rate", percent(manifest.alert_rate))
    for name, value in evaluation.metrics.items():
        found = evaluation.intervals.get(name)
        between = "" if found is None else interval_in_words(name, found)
        table.add_row(metric_name(name), metric_value(name, value), between)
    table.add_row("threshold on the score", f"{manifest.threshold:.3f}")
    return table


def _show_alert_share(console: Console, evaluation: Evaluation) -> None:
    if evaluation.alert_share is None:
        return
    console.print(f"[bold red]{escape(evaluation.alert_share)}[/]", highlight=False)
    if evaluation.warnings:
        console.print("Likely causes:")
    else:
        console.print(
            "No feature is outside its training range. Look at the most anomalous rows in the "
            "report. If they are normal today, fit the model on newer data."
        )
