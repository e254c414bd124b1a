"""``python -m training fit``."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from anomaly_app.core.detectors import DETECTORS
from anomaly_app.core.roles import Roles
from anomaly_app.model_store import next_version, save_model
from training.cli import COMMANDS, one_line_errors
from training.commands import options
from training.commands.tables import feature_table, measured, warn
from training.fit import FitOptions, Fitted, fit_model
from training.history import read_history
from training.threshold import ALERT_RATE, ThresholdRule

DEFAULTS = FitOptions()


@click.command("fit", short_help=COMMANDS["fit"])
@options.data
@options.roles
@click.option(
    "--detector",
    default=DEFAULTS.detector,
    show_default=True,
    metavar="NAME",
    type=click.Choice(list(DETECTORS)),
    help=f"One of {', '.join(DETECTORS)}. `compare` shows which one suits the data.",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the detector, such as n_neighbors=10; can be given more than once.",
)
@click.option(
    "--trim",
    type=click.FloatRange(0, 0.5, max_open=True),
    help="Share of the history, the most isolated rows, that the detector does not learn from; "
    "0 trims nothing.  [default: the detector's]",
)
@click.option(
    "--alert-rate",
    type=click.FloatRange(0, 0.5, min_open=True),
    help=f"Share of rows that should alert: 0.005 is 5 in 1,000.  [default: {ALERT_RATE:g}]",
)
@click.option(
    "--alerts-per-day",
    type=options.POSITIVE,
    metavar="N",
    help="Or: how many alerts a day are acceptable, on average, at the traffic of the history.",
)
@click.option(
    "--transactions-per-day",
    type=options.POSITIVE,
    metavar="N",
    help="The traffic that --alerts-per-day refers to.  [default: that of the history]",
)
@click.option(
    "--f-beta",
    type=options.POSITIVE,
    metavar="BETA",
    help="Or: the best F-beta score on the labels; 1 weighs precision and recall equally, 2 recall "
    "more.",
)
@click.option(
    "--cost",
    metavar="MISSED:FALSE_ALERT",
    help="Or: the lowest cost on the labels; 100:1 if a missed anomaly costs as much as 100 false "
    "alerts.",
)
@click.option(
    "--held-back",
    default=DEFAULTS.held_back,
    show_default=True,
    type=options.SHARE,
    help="Share of the rows that calibrates the scores: the latest, where there is a time.",
)
@click.option("--name", default=DEFAULTS.name, show_default=True, help="Name of the model.")
@click.option(
    "--out",
    default=Path("models"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the models; the new one goes to OUT/NAME/VERSION.",
)
@options.seed
@one_line_errors
def command(
    data: Path,
    roles: str,
    detector: str,
    params: tuple[str, ...],
    trim: float | None,
    held_back: float,
    name: str,
    out: Path,
    seed: int,
    **rules: Any,
) -> None:
    """Fit a model on DATA and write the artifact.

    The data may contain a few anomalies. Labels are used only to measure the model, unless they set
    the threshold (--f-beta, --cost) or the detector learns from them (gradient_boosting). Give at
    most one of --alert-rate, --alerts-per-day, --f-beta and --cost.

    \b
    Examples:
      python -m training fit history.csv --alerts-per-day 10
      python -m training fit history.parquet --roles 'key=card label=is_anomaly' --cost 100:1
      python -m training fit sensors.csv --detector knn --param n_neighbors=10 --trim 0.02
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    words = params if trim is None else (*params, f"trim={trim}")
    fit_options = FitOptions(
        name=name,
        detector=detector,
        params=options.read_params(detector, words),
        threshold=_threshold_rule(**rules),
        held_back=held_back,
        random_state=seed,
    )
    console, busy = Console(), Console(stderr=True)
    with busy.status(f"reading {escape(str(data))}"):
        history = read_history(data, Roles.parse(roles))
    with busy.status(f"fitting {detector} on {len(history):,} rows"):
        fitted = fit_model(history, fit_options, version=next_version(out, name))
    folder = save_model(out, fitted.manifest, fitted.pickle)
    show(console, fitted)
    console.print(
        f"wrote [bold]{escape(str(folder))}[/]; to use it in a worker, set "
        f"ANOMALY_MODEL={escape(str(out / name))}",
        soft_wrap=True,
    )


def show(console: Console, fitted: Fitted) -> None:
    """Show the features of a model and its measures on the rows that were held back."""
    manifest = fitted.manifest
    training = manifest.training
    console.print(feature_table(manifest.schema))
    warn(console, training.warnings)
    console.print(
        f"{manifest.detector}: fitted on {training.rows:,} rows, calibrated on "
        f"{training.held_back:,}"
    )
    console.print(
        f"alerts from score {manifest.threshold:.3f} (p at most {manifest.alert_rate:.3g}): "
        f"{manifest.threshold_rule}",
        markup=False,
    )
    console.print(f"on the rows held back: {measured(manifest.metrics)}")


def _threshold_rule(
    *,
    alert_rate: float | None,
    alerts_per_day: float | None,
    transactions_per_day: float | None,
    f_beta: float | None,
    cost: str | None,
) -> ThresholdRule:
    if sum(part is not None for part in (alert_rate, alerts_per_day, f_beta, cost)) > 1:
        raise click.UsageError(
            "give one of --alert-rate, --alerts-per-day, --f-beta and --cost, not several"
        )
    if transactions_per_day is not None and alerts_per_day is None:
        raise click.UsageError("--transactions-per-day goes with --alerts-per-day only")
    return ThresholdRule(
        alert_rate=alert_rate,
        alerts_a_day=alerts_per_day,
        f_beta=f_beta,
        costs=options.read_costs(cost) if cost is not None else None,
        transactions_a_day=transactions_per_day,
    )
