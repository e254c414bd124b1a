"""``python -m training inspect``."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anomaly_app.core.model.manifest import Manifest, read_manifest
from anomaly_app.errors import ModelCorrupt
from anomaly_app.registry.artifacts import read_artifact
from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import options
from training.commands.column_decisions import other_warnings, show_decisions
from training.commands.tables import feature_table, measured, warn


@click.command("inspect", short_help=COMMANDS["inspect"])
@options.artifact
@one_line_errors
def command(artifact: Path) -> None:
    """Show the manifest of a model without unpickling it.

    Loading a pickle can run code. This command only reads the manifest, and checks the hash of the
    pickle against it. The exit code is 1 if they differ.

    \b
    Examples:
      python -m training inspect models/transactions
      python -m training inspect models/transactions/3
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    folder, manifest_json, pickle = read_artifact(artifact)
    manifest = read_manifest(manifest_json, where=str(folder))
    corrupt = None
    try:
        manifest.check_pickle(pickle, where=str(folder))
    except ModelCorrupt as fault:
        corrupt = fault
    console = Console()
    console.print(_facts(manifest, matches=corrupt is None))
    show_decisions(console, manifest, change="python -m training fit DATA --roles '{}'")
    console.print(feature_table(manifest.schema))
    warn(console, other_warnings(manifest))
    if corrupt is not None:
        raise corrupt


def _facts(manifest: Manifest, *, matches: bool) -> Table:
    training = manifest.training
    traffic = training.transactions_a_day
    facts = {
        "name": manifest.name,
        "version": manifest.version,
        "detector": manifest.detector,
        "threshold": f"score {manifest.threshold:.3f} (p at most {manifest.alert_rate:.3g})",
        "threshold rule": manifest.threshold_rule,
        "fitted on": f"{training.rows:,} rows of {training.source}",
        "calibrated on": f"{training.held_back:,} rows",
        "traffic": "unknown" if traffic is None else f"{traffic:,.0f} rows a day",
        "fingerprint": f"{training.sha256} (of the training rows)",
        "measured": measured(manifest.metrics),
        "created": manifest.created_at,
        "libraries": ", ".join(f"{name} {v}" for name, v in manifest.libraries.items()),
        "seed": str(manifest.random_state),
        "sha256": manifest.sha256,
        "pickle": "matches its sha256" if matches else "DIFFERS from its sha256: workers refuse it",
    }
    table = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        wrong = name == "pickle" and not matches
        table.add_row(Text(name, style="bold"), Text(fact, style="red" if wrong else ""))
    return table
