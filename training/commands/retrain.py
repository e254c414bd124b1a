"""``python -m training retrain``."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from anomaly_app.core.detectors import DETECTORS
from anomaly_app.core.model.model import Model
from anomaly_app.errors import DataError
from anomaly_app.registry.artifacts import next_version, read_artifact, save_model
from anomaly_app.registry.versions import CANDIDATE_FILE
from anomaly_app.settings.app import Settings, change_settings, load_settings
from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import options
from training.commands.old_version import old_path, root_of
from training.commands.progress import progress
from training.commands.reading import read_again
from training.commands.retrained import say, show
from training.fit import FitOptions
from training.history.topic import TopicAddress
from training.retraining import wording
from training.retraining.judging import Outcome
from training.retraining.kept import hides_values
from training.retraining.learning import HOLDOUT
from training.retraining.retrain import Retrained, choices_of, retrain
from training.retraining.sources import Labels, Source, read_labels
from training.threshold import ThresholdOptions


@click.command("retrain", short_help=COMMANDS["retrain"])
@click.argument("data", type=options.Data(), required=False)
@options.roles
@options.time_format
@options.last
@click.option(
    "--labels",
    "labels_from",
    metavar="FILE|store|topic|none",
    help="Where labels come from; FILE is a CSV file as `label import` takes it.  [default: the "
    "store, or without one the topic]",
)
@click.option(
    "--against",
    metavar="ARTIFACT",
    type=click.Path(path_type=Path),
    help="The old model: a version, or its parent, which means the highest version that is no "
    "candidate.  [default: ANOMALY_MODEL, or OUT/NAME if they are given]",
)
@click.option(
    "--holdout",
    default=HOLDOUT,
    show_default=True,
    type=options.Share(),
    help="Share of the rows, the latest, to judge both models on, such as 0.2 or 20%.",
)
@click.option(
    "--detector",
    metavar="NAME",
    type=click.Choice(list(DETECTORS)),
    help="Another detector.  [default: that of the old model, with its parameters]",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another parameter of the detector; can be repeated.",
)
@click.option(
    "--alert-rate",
    type=click.FloatRange(0, 0.5, min_open=True),
    help="Share of ordinary rows that may alert.  [default: as the old model]",
)
@click.option(
    "--alerts-per-day",
    type=options.POSITIVE,
    metavar="N",
    help="Or: acceptable number of false alerts a day.  [default: as the old model]",
)
@click.option("--name", metavar="NAME", help="Name of the model.  [default: that of the old one]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the models.  [default: that of the old one]",
)
@click.option("--dry-run", is_flag=True, help="Fit and compare; write nothing.")
@click.option(
    "--only-if-better",
    is_flag=True,
    help="Write only if the new model is better beyond chance.",
)
@one_line_errors
def command(
    data: Path | TopicAddress | None,
    roles: str,
    time_format: str | None,
    last: float | None,
    labels_from: str | None,
    against: Path | None,
    holdout: float,
    name: str | None,
    out: Path | None,
    *,
    dry_run: bool,
    only_if_better: bool,
    **choices: Any,
) -> None:
    """Fit the next version, and compare it with the old one.

    DATA is a file, a folder or a topic as for `fit`; without it, the topic that workers score. It
    is cut in time. The new model learns what is before the cut: without what was known to be fraud
    then, and with what was known to be expected as ordinary. Both models are judged on what is
    after the cut, by all labels that are known today.

    The new version is a candidate. It replaces nothing, and workers only use it if ANOMALY_MODEL
    names it. What is not said by options is as in the old model: detector, parameters, features,
    memory, threshold. The exit code is 0 whether something was written or not, and 1 if something
    is wrong.

    \b
    Examples:
      python -m training retrain
      python -m training retrain --last 30d --only-if-better
      python -m training retrain newer.csv --labels chargebacks.csv --dry-run
      python -m training retrain newer.csv --against models/transactions/3 --holdout 30%
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console, busy = Console(), Console(stderr=True)
    settings = load_settings()
    if data is None:
        data = TopicAddress(settings.broker, settings.transactions_topic)
    elif isinstance(data, TopicAddress):
        changes = {"broker": data.broker, "transactions_topic": data.topic}
        settings = change_settings(settings, **changes)
    folder, manifest_json, pickle = read_artifact(old_path(against, name, out, settings))
    old = Model.from_bytes(manifest_json, pickle, where=str(folder))
    root = out or root_of(folder, old.manifest)
    fit_options = _fit_options(old, name, **choices)
    labels = _read_labels(labels_from, settings, busy)
    is_whole = not hides_values(old.manifest.roles.changed_by(settings.said_roles))
    history = read_again(
        *(data, old.manifest, options.read_roles(roles, time_format), busy), last=last
    )
    with busy.status(f"fitting {fit_options.detector} on {len(history):,} rows"):
        version = next_version(root, fit_options.name)
        retrained = retrain(
            *(old, history, labels.known, fit_options),
            version=version,
            holdout=holdout,
            stored=labels.stored if is_whole else (),
        )
    show(console, retrained, labels)
    _write(console, retrained, folder, root, dry_run=dry_run, only_if_better=only_if_better)


def _fit_options(
    old: Model,
    name: str | None,
    *,
    detector: str | None,
    params: tuple[str, ...],
    alert_rate: float | None,
    alerts_per_day: float | None,
) -> FitOptions:
    asked = alert_rate is not None or alerts_per_day is not None
    try:
        threshold = ThresholdOptions(alert_rate=alert_rate, alerts_a_day=alerts_per_day)
    except DataError as fault:
        raise click.UsageError(str(fault)) from None
    same = choices_of(old, threshold if asked else None)
    chosen = detector or same.detector
    kept = same.params if chosen == same.detector else {}
    return replace(
        same,
        name=name or same.name,
        detector=chosen,
        params=kept | options.read_params(chosen, params),
    )


def _read_labels(words: str | None, settings: Settings, busy: Console) -> Labels:
    wanted = None if words is None else Source(words) if words in {*Source} else Path(words)
    with progress(busy) as bar:
        task = bar.add_task("reading labels", total=None)
        return read_labels(
            wanted, settings, lambda done, total: bar.update(task, completed=done, total=total)
        )


def _write(
    console: Console,
    retrained: Retrained,
    old: Path,
    root: Path,
    *,
    dry_run: bool,
    only_if_better: bool,
) -> None:
    outcome, manifest = retrained.judgement.outcome, retrained.fitted.manifest
    if dry_run:
        say(console, "wrote nothing, because of --dry-run")
        return
    if only_if_better and outcome != Outcome.BETTER:
        say(console, "wrote nothing: the new model is not better beyond chance (--only-if-better)")
        return
    note = wording.candidate_note(str(old), retrained.judgement)
    folder = save_model(root, manifest, retrained.fitted.pickle, candidate=note)
    say(
        console,
        f"wrote {folder} as a candidate: nothing was replaced, and workers keep {old}, also when "
        "they restart",
    )
    say(console, f"to try it in one worker: ANOMALY_MODEL={folder}")
    say(console, f"to accept it: rm {folder / CANDIDATE_FILE}, and restart the workers")
