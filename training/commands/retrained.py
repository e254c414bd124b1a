"""What `retrain` prints: what was learnt, both models on the same rows, and what would be lost."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.commands.column_decisions import other_warnings
from training.commands.tables import warn
from training.retraining import wording
from training.retraining.judging import Judgement
from training.retraining.retrain import Retrained
from training.retraining.sources import Labels

NOTHING_APPLIES = (
    "no label applies to any row: labels are found by the transaction's id (--roles id=COLUMN), "
    "its place on the topic, or its entity and time"
)


def show(console: Console, retrained: Retrained, labels: Labels) -> None:
    """Show what was learnt, and how the new model compares with the old one."""
    judgement = retrained.judgement
    old, new = judgement.old.model.manifest, judgement.new.model.manifest
    warn(console, labels.lines)
    say(
        console,
        f"{len(labels.known):,} labels from {labels.source} apply to {retrained.joined:,} rows",
    )
    if len(labels.known) and not retrained.joined:
        warn(console, [NOTHING_APPLIES])
    say(console, wording.learnt(retrained))
    table = Table(
        "measure",
        f"old: {escape(old.version)}",
        f"new: {escape(new.version)}",
        title=escape(
            f"{new.name} on {len(judgement.history):,} rows of {judgement.history.source} that "
            "neither has seen"
        ),
    )
    for row in wording.measures(judgement):
        table.add_row(*row)
    console.print(table)
    warn(console, other_warnings(new))
    warn(console, wording.cautions(judgement))
    console.print(f"[bold]{escape(wording.verdict(judgement))}[/]", highlight=False)
    _show_lost(console, judgement)
    if retrained.kept is not None:
        say(console, wording.of_stored_frauds(retrained.kept))


def _show_lost(console: Console, judgement: Judgement) -> None:
    lost, won = int(judgement.lost.sum()), int(judgement.won.sum())
    say(
        console,
        f"what would be lost: {lost:,} known frauds that only the old model finds; what would be "
        f"won: {won:,} that only the new one finds",
    )
    if not lost:
        return
    table = Table(*wording.HEAD)
    for row in wording.lost_frauds(judgement):
        table.add_row(*map(escape, row))
    console.print(table)
    if lost > wording.MOST_LISTED:
        say(console, f"and {lost - wording.MOST_LISTED:,} more")


def say(console: Console, line: str) -> None:
    """Print a line as it is."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
