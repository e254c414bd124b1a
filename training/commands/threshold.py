"""``python -m training threshold``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace
from rich.console import Console
from rich.markup import escape

from anomaly_app.core.model.manifest import Manifest, read_manifest
from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from anomaly_app.registry.artifacts import next_version, read_artifact, save_model
from anomaly_app.terminal import one_line_errors
from training import threshold_rules
from training.cli import COMMANDS
from training.commands import options, threshold_options
from training.commands.reading import read_data
from training.commands.tables import warn
from training.evaluation.evaluate import Evaluation, evaluate
from training.history.topic import TopicAddress
from training.threshold import ThresholdOptions, choose_threshold
from training.threshold_rules import Threshold

THRESHOLD_METRICS = ("alert_rate", "precision", "recall")
"""Metrics in a manifest that depend on its threshold."""


@click.command("threshold", short_help=COMMANDS["threshold"])
@options.artifact
@click.argument("data", type=options.Data(), required=False)
@options.roles
@options.last
@threshold_options.options
@one_line_errors
def command(
    artifact: Path,
    data: Path | TopicAddress | None,
    roles: str,
    last: float | None,
    **values: Any,
) -> None:
    """Change the threshold of a model without refitting it.

    ARTIFACT is the folder of a version, or its parent, which means the highest version. The
    command writes a new version with the same fit and the new threshold, and keeps the old one.
    Workers load the new version when they restart. --f-beta and --cost need labelled DATA,
    preferably more recent than the training data.

    \b
    Examples:
      python -m training threshold models/transactions --alerts-per-day 20
      python -m training threshold models/transactions --alert-rate 0.002
      python -m training threshold models/transactions labelled.csv --cost 100:1
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    folder, manifest_json, pickle = read_artifact(artifact)
    manifest = read_manifest(manifest_json, where=str(folder))
    manifest.check_pickle(pickle, where=str(folder))
    console, busy = Console(), Console(stderr=True)
    root = _root(folder, manifest)
    wanted = threshold_options.read_options(**values)
    if not wanted.needs_labels:
        if data is not None:
            raise click.UsageError("DATA is only used with --f-beta and --cost")
        found = _without_labels(wanted, manifest)
    else:
        if data is None:
            raise click.UsageError(
                "--f-beta and --cost need labelled DATA: python -m training threshold "
                "ARTIFACT labelled.csv --f-beta 1"
            )
        model = Model.from_bytes(manifest_json, pickle, where=str(folder))
        said = manifest.roles.changed_by(Roles.parse(roles))
        history = read_data(data, said, busy, last=last)
        evaluation = evaluate(model, history, most=1)
        warn(console, evaluation.warnings)
        found = _on_labels(wanted, evaluation)
    moved = replace(
        manifest,
        version=next_version(root, manifest.name),
        alert_rate=found.alert_rate,
        threshold_rule=found.rule,
        alerts_a_day=wanted.alerts_a_day,
        created_at=datetime.now(tz=UTC).isoformat(timespec="seconds"),
        metrics={k: v for k, v in manifest.metrics.items() if k not in THRESHOLD_METRICS},
    )
    new = save_model(root, moved, pickle)
    traffic = wanted.transactions_a_day or manifest.training.transactions_a_day
    _show(console, manifest, moved, traffic)
    console.print(
        f"wrote [bold]{escape(str(new))}[/]: the fit of version {escape(manifest.version)} with "
        "the new threshold; restart the workers to use it",
        soft_wrap=True,
    )


def _root(folder: Path, manifest: Manifest) -> Path:
    parent = folder.parent if folder.parent.name else folder.resolve().parent
    if parent.name != manifest.name:
        raise DataError(
            f"{folder} is not in a folder named {manifest.name!r}, where the new version belongs: "
            f"copy it to models/{manifest.name}/{manifest.version} first"
        )
    return parent.parent


def _without_labels(options: ThresholdOptions, manifest: Manifest) -> Threshold:
    if options.alert_rate is not None:
        return threshold_rules.from_quantile(options.alert_rate)
    if options.alerts_a_day is None:
        raise click.UsageError("give --alert-rate, --alerts-per-day, --f-beta or --cost")
    traffic = options.transactions_a_day or manifest.training.transactions_a_day
    if traffic is None:
        raise DataError(
            f"{manifest.training.source} had no times, so its traffic is unknown: add "
            "--transactions-per-day"
        )
    return threshold_rules.from_budget(options.alerts_a_day, traffic)


def _on_labels(options: ThresholdOptions, evaluation: Evaluation) -> Threshold:
    history = evaluation.history
    if not history.has_both_labels:
        raise DataError(
            f"--f-beta and --cost need labels of both kinds, and {history.source} does not have "
            "them: name the column with --roles label=COLUMN, or use --alert-rate or "
            "--alerts-per-day"
        )
    return choose_threshold(options, evaluation.log_p, history)


def _show(console: Console, old: Manifest, new: Manifest, traffic: float | None) -> None:
    console.print(f"threshold: {new.threshold_rule}", markup=False, highlight=False)
    console.print(
        f"score {old.threshold:.3f} → {new.threshold:.3f}, alert rate {old.alert_rate:.3g} → "
        f"{new.alert_rate:.3g}",
        highlight=False,
    )
    if traffic is None:
        console.print("alerts a day: unknown, because the history had no times", highlight=False)
    else:
        console.print(
            f"alerts a day: about {_alerts(old, traffic)} → {_alerts(new, traffic)}, at "
            f"{traffic:,.0f} rows a day",
            highlight=False,
        )


def _alerts(manifest: Manifest, traffic: float) -> str:
    return f"{manifest.alert_rate * traffic:,.3g}"
