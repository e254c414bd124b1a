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
from training import thresholds
from training.cli import COMMANDS, one_line_errors
from training.commands import options, rules
from training.commands.reading import read_data
from training.commands.tables import warn
from training.evaluation.evaluate import Evaluation, evaluate
from training.history.topic import TopicAddress
from training.threshold import ThresholdRule
from training.threshold_rules import Threshold

OF_THE_THRESHOLD = ("alert_rate", "precision", "recall")
"""Measures in a manifest that were taken at its threshold."""


@click.command("threshold", short_help=COMMANDS["threshold"])
@options.artifact
@click.argument("data", type=options.Data(), required=False)
@options.roles
@options.last
@rules.options
@one_line_errors
def command(
    artifact: Path,
    data: Path | TopicAddress | None,
    roles: str,
    last: float | None,
    **rule: Any,
) -> None:
    """Move the threshold of a model without a new fit.

    ARTIFACT is a version's folder, or the folder above, whose highest version is taken. A new
    version is written with the same fit and the new threshold; the old one stays. Workers take the
    new one at their next start. --f-beta and --cost need labels: give labelled DATA, best of a time
    after the training data.

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
    wanted = rules.read_rule(**rule)
    if wanted.f_beta is None and wanted.costs is None:
        if data is not None:
            raise click.UsageError("DATA goes with --f-beta and --cost only")
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
        created_at=datetime.now(tz=UTC).isoformat(timespec="seconds"),
        metrics={k: v for k, v in manifest.metrics.items() if k not in OF_THE_THRESHOLD},
    )
    new = save_model(root, moved, pickle)
    traffic = wanted.transactions_a_day or manifest.training.transactions_a_day
    _show(console, manifest, moved, traffic)
    console.print(
        f"wrote [bold]{escape(str(new))}[/]: the fit of version {escape(manifest.version)}, and "
        "the new threshold; restart the workers to use it",
        soft_wrap=True,
    )


def _root(folder: Path, manifest: Manifest) -> Path:
    parent = folder.parent if folder.parent.name else folder.resolve().parent
    if parent.name != manifest.name:
        raise DataError(
            f"{folder} is not a version in a folder {manifest.name!r}, where the new one belongs: "
            f"copy it to models/{manifest.name}/{manifest.version} first"
        )
    return parent.parent


def _without_labels(rule: ThresholdRule, manifest: Manifest) -> Threshold:
    if rule.alert_rate is not None:
        return thresholds.from_quantile(rule.alert_rate)
    if rule.alerts_a_day is None:
        raise click.UsageError("give one of --alert-rate, --alerts-per-day, --f-beta and --cost")
    traffic = rule.transactions_a_day or manifest.training.transactions_a_day
    if traffic is None:
        raise DataError(
            f"{manifest.training.source} had no times to tell the traffic from: give "
            "--transactions-per-day as well"
        )
    return thresholds.from_budget(rule.alerts_a_day, traffic)


def _on_labels(rule: ThresholdRule, evaluation: Evaluation) -> Threshold:
    labels, log_p = evaluation.history.labels, evaluation.log_p
    if labels is not None and evaluation.history.labelled is not None:
        known = evaluation.history.labelled
        labels, log_p = labels[known], log_p[known]
    if labels is None or labels.all() or not labels.any():
        raise DataError(
            f"{evaluation.history.source} has no labels of both kinds, and a threshold from "
            "F-beta or costs needs them: name their column with --roles label=COLUMN, or use "
            "--alert-rate or --alerts-per-day"
        )
    if rule.f_beta is not None:
        return thresholds.from_f_beta(log_p, labels, rule.f_beta)
    missed, false_alert = rule.costs or (1.0, 1.0)
    return thresholds.from_costs(log_p, labels, missed=missed, false_alert=false_alert)


def _show(console: Console, old: Manifest, new: Manifest, traffic: float | None) -> None:
    console.print(f"threshold: {new.threshold_rule}", markup=False, highlight=False)
    console.print(
        f"score {old.threshold:.3f} → {new.threshold:.3f}, alert rate {old.alert_rate:.3g} → "
        f"{new.alert_rate:.3g}",
        highlight=False,
    )
    if traffic is None:
        console.print("alerts a day: unknown, the history had no times", highlight=False)
    else:
        console.print(
            f"alerts a day: about {_alerts(old, traffic)} → {_alerts(new, traffic)}, at "
            f"{traffic:,.0f} rows a day",
            highlight=False,
        )


def _alerts(manifest: Manifest, traffic: float) -> str:
    return f"{manifest.alert_rate * traffic:,.3g}"
