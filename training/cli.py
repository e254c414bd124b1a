"""The command line of ``python -m training``."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from anomaly_app.core.errors import AnomalyAppError
from anomaly_app.core.model import Manifest
from anomaly_app.model_store import next_version, save_model
from training.fit import FitOptions, Fitted, fit_model
from training.history import read_history
from training.roles import Roles

DEFAULTS = FitOptions()


def main() -> None:
    """Run the command line."""
    cli(prog_name="python -m training")


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Show this project's errors as one line, without a stack trace."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except AnomalyAppError as fault:
            raise click.ClickException(str(fault)) from None

    return run


@click.group(context_settings={"max_content_width": 100})
def cli() -> None:
    """Make models from history.

    \b
    A first model from a file of your own, and the worker that uses it:
      python -m training fit history.csv
      faust -A anomaly_app.app worker -l info
    """  # noqa: D301  # click reads the escape: keep the lines as they are


@cli.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--roles",
    default="",
    metavar="WORDS",
    help="Parts of the columns, such as 'key=cust label=is_fraud time=unix_time "
    "features=amt,category categories=merchant'. What is not said is inferred from the names "
    "of the columns.",
)
@click.option(
    "--alert-rate",
    default=DEFAULTS.alert_rate,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of transactions that shall alert: 0.005 is 5 in 1,000.",
)
@click.option(
    "--held-back",
    default=DEFAULTS.held_back,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of the rows that calibrates the threshold: the latest, where there is a time.",
)
@click.option("--name", default=DEFAULTS.name, show_default=True, help="Name of the model.")
@click.option(
    "--out",
    default=Path("models"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the models; the new one goes to OUT/NAME/VERSION.",
)
@click.option(
    "--seed", default=DEFAULTS.random_state, show_default=True, help="Seed of everything random."
)
@one_line_errors
def fit(
    data: Path, roles: str, alert_rate: float, held_back: float, name: str, out: Path, seed: int
) -> None:
    """Fit an Isolation Forest on DATA and write the artifact.

    DATA is a CSV (also .csv.gz), Parquet or npz file with one transaction a row, or a folder of
    such files. History may hold a few anomalies; a label column is used for measuring only.
    """
    console = Console()
    with console.status(f"reading {data}"):
        history = read_history(data, Roles.parse(roles))
    options = FitOptions(name=name, alert_rate=alert_rate, held_back=held_back, random_state=seed)
    with console.status(f"fitting on {len(history):,} rows"):
        fitted = fit_model(history, options, version=next_version(out, name))
    folder = save_model(out, fitted.manifest, fitted.pickle)
    show(console, fitted)
    console.print(f"wrote [bold]{folder}[/]; a worker uses it with ANOMALY_MODEL={out / name}")


def show(console: Console, fitted: Fitted) -> None:
    """Show what a fit saw and how well it does on the rows that were held back."""
    manifest = fitted.manifest
    console.print(_feature_table(manifest))
    for column, reason in fitted.left_out.items():
        console.print(f"[yellow]left out[/] {column}: {reason}")
    training = manifest.training
    console.print(
        f"fitted on {training.rows:,} rows, calibrated on {training.held_back:,}; "
        f"alerts from score {manifest.threshold:.3f} (p at most {manifest.alert_rate:g})"
    )
    measured = ", ".join(f"{name} {value:.3f}" for name, value in manifest.metrics.items())
    console.print(f"on the rows held back: {measured}")


def _feature_table(manifest: Manifest) -> Table:
    table = Table("feature", "kind", "usually", "range", "missing", title="what the model sees")
    for feature in manifest.schema.features:
        if feature.kind == "category":
            seen = f"{len(feature.categories):,} texts"
        else:
            seen = f"{feature.low:,.6g} to {feature.high:,.6g}"
        usual = feature.expected_value
        table.add_row(
            feature.name,
            feature.kind,
            f"{usual:,.6g}" if isinstance(usual, float) else str(usual),
            seen,
            f"{feature.missing_rate:.1%}",
        )
    return table
