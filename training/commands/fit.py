"""``python -m training fit``."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from anomaly_app.core.detectors import DETECTORS
from anomaly_app.core.roles.roles import Roles
from anomaly_app.registry.artifacts import next_version, save_model
from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import options, threshold_options
from training.commands.column_decisions import other_warnings, show_decisions
from training.commands.reading import read_data, with_memory
from training.commands.tables import feature_table, measured, warn
from training.fit import FitOptions, Fitted, fit_model
from training.history.topic import TopicAddress

DEFAULTS = FitOptions()


@click.command("fit", short_help=COMMANDS["fit"])
@options.data_or_topic
@options.roles
@options.time_format
@options.last
@options.memory
@click.option(
    "--detector",
    default=DEFAULTS.detector,
    show_default=True,
    metavar="NAME",
    type=click.Choice(list(DETECTORS)),
    help=f"One of {', '.join(DETECTORS)}. `compare` shows which one works best.",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Parameter of the detector, such as n_neighbors=10; can be repeated.",
)
@click.option(
    "--trim",
    type=click.FloatRange(0, 0.5, max_open=True),
    help="Share of the history to exclude from the fit: the most isolated rows. 0 excludes none.  "
    "[default: depends on the detector]",
)
@threshold_options.options
@click.option(
    "--held-back",
    default=DEFAULTS.held_back,
    show_default=True,
    type=options.SHARE,
    help="Share of the rows to hold back for calibration: the latest, if there are times.",
)
@click.option("--name", default=DEFAULTS.name, show_default=True, help="Name of the model.")
@click.option(
    "--out",
    default=Path("models"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the models. The model is written to OUT/NAME/VERSION.",
)
@options.seed
@one_line_errors
def command(
    data: Path | TopicAddress,
    roles: str,
    time_format: str | None,
    last: float | None,
    memory: str | None,
    detector: str,
    params: tuple[str, ...],
    trim: float | None,
    held_back: float,
    name: str,
    out: Path,
    seed: int,
    **threshold: Any,
) -> None:
    """Fit a model on DATA and write it to disk.

    The data may contain a few anomalies. Labels are only used to measure the model, except if they
    set the threshold (--f-beta, --cost) or the detector learns from them (gradient_boosting). Give
    at most one of --alert-rate, --alerts-per-day, --f-beta and --cost.

    \b
    Examples:
      python -m training fit history.csv --alerts-per-day 10
      python -m training fit history.parquet --roles 'key=card label=is_anomaly' --cost 100:1
      python -m training fit sensors.csv --detector knn --param n_neighbors=10 --trim 0.02
      python -m training fit payments.csv --memory card-transactions
      python -m training fit kafka://localhost:9092/transactions --last 7d
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    words = params if trim is None else (*params, f"trim={trim}")
    fit_options = FitOptions(
        name=name,
        detector=detector,
        params=options.read_params(detector, words),
        threshold=threshold_options.read_options(**threshold),
        held_back=held_back,
        random_state=seed,
    )
    console, busy = Console(), Console(stderr=True)
    said = options.read_roles(roles, time_format)
    history = with_memory(read_data(data, said, busy, last=last), memory, busy)
    with busy.status(f"fitting {detector} on {len(history):,} rows"):
        fitted = fit_model(history, fit_options, version=next_version(out, name))
    folder = save_model(out, fitted.manifest, fitted.pickle)
    show(console, fitted, said)
    console.print(
        f"wrote [bold]{escape(str(folder))}[/]; to use it in a worker, set "
        f"ANOMALY_MODEL={escape(str(out / name))}",
        soft_wrap=True,
    )


def show(console: Console, fitted: Fitted, said: Roles) -> None:
    """Show the features of a model and its metrics on the rows held back.

    Parameters
    ----------
    console
        Where to print.
    fitted
        The model.
    said
        The roles that the user set.
    """
    manifest = fitted.manifest
    training = manifest.training
    show_decisions(console, manifest, change="--roles '{}'", said=said)
    console.print(feature_table(manifest.schema))
    warn(console, other_warnings(manifest))
    console.print(
        f"{manifest.detector}: fitted on {training.rows:,} rows, calibrated on "
        f"{training.held_back:,}"
    )
    console.print(
        f"alerts from score {manifest.threshold:.3f} (p at most {manifest.alert_rate:.3g}): "
        f"{manifest.threshold_rule}",
        markup=False,
    )
    console.print(f"on the held-back rows: {measured(manifest.metrics)}")
