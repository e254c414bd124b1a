"""The commands `dlq list` and `dlq replay`, in addition to Faust's own."""

import asyncio
import sys
from typing import Any, BinaryIO

import click

from anomaly_app.dead_letters.lines import read_repairs
from anomaly_app.dead_letters.listing import show
from anomaly_app.dead_letters.messages import Position, Selection
from anomaly_app.dead_letters.plan import Account, Plan
from anomaly_app.dead_letters.replay import replay
from anomaly_app.errors import Rejection
from anomaly_app.schemas import open_registry
from anomaly_app.settings import Settings, load_settings
from anomaly_app.terminal import Progress, one_line_errors, say

REASONS = [str(rejection) for rejection in Rejection]

SHOWN = 20
"""Letters that `dlq list` shows by default."""


class PositionType(click.ParamType):
    """A position on the dead-letter topic."""

    name = "PARTITION-OFFSET"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Position:
        """Parse an argument."""
        try:
            return Position.parse(value)
        except ValueError:
            self.fail(f"{value!r} is not a PARTITION-OFFSET such as 3-1042", param, ctx)


reason_option = click.option(
    "--reason",
    "reasons",
    multiple=True,
    metavar="REASON",
    type=click.Choice(REASONS),
    help=f"Only letters with this reason; repeatable. One of {', '.join(REASONS)}.",
)

offset_option = click.option(
    "--offset",
    "positions",
    multiple=True,
    type=PositionType(),
    help="Only the letter at this position; repeatable. This is the position on the dead-letter "
    "topic, in the first column of the list, not the position of the source.",
)


def reading(settings: Settings) -> Progress:
    """Show on standard error how much of the topic has been read."""
    return Progress(f"reading {settings.dead_letters_topic}", sys.stderr)


@click.group(context_settings={"max_content_width": 100})
def dlq() -> None:
    """List dead letters, and replay them.

    \b
    See what is wrong, and how often:
      faust -A anomaly_app.app dlq list
    Replay letters that a new model or a higher limit accepts:
      faust -A anomaly_app.app dlq replay --all
    Repair letters by hand:
      faust -A anomaly_app.app dlq list --reason bad-time --json > letters.jsonl
      (edit the values in letters.jsonl)
      faust -A anomaly_app.app dlq replay --repaired letters.jsonl

    The commands use the same settings as a worker: run them in the worker's environment.
    """  # noqa: D301  # click reads the escape: keep the lines as they are


@dlq.command("list")
@reason_option
@offset_option
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"Number of letters to show: the newest, oldest first.  [default: {SHOWN}; "
    "with --json: all]",
)
@click.option("--all", "everything", is_flag=True, help="Show all letters, partition by partition.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print complete letters, one JSON object per line, for `replay --repaired`.",
)
@click.option("--replayed", is_flag=True, help="Include letters that were already replayed.")
@click.pass_context
@one_line_errors
def list_letters(
    context: click.Context,
    reasons: tuple[str, ...],
    positions: tuple[Position, ...],
    limit: int | None,
    *,
    everything: bool,
    as_json: bool,
    replayed: bool,
) -> None:
    """Count dead letters by reason, and show the newest.

    \b
    Examples:
      faust -A anomaly_app.app dlq list
      faust -A anomaly_app.app dlq list --reason not-json --reason bad-time --limit 100
      faust -A anomaly_app.app dlq list --all | less
      faust -A anomaly_app.app dlq list --offset 3-1042 --json

    Unprintable characters are shown as escapes such as \\x1b. With --json, all letters are printed
    unless there is a --limit, and the counts go to standard error.
    """  # noqa: D301
    if everything and limit is not None:
        raise click.ClickException("give either --all or --limit, not both")
    settings = load_settings()
    as_json = as_json or context.find_root().params.get("json", False)
    if limit is None and not everything and not as_json:
        limit = SHOWN
    with reading(settings) as progress:
        asyncio.run(
            show(
                settings,
                Selection(frozenset(reasons), frozenset(positions)),
                limit=limit,
                as_json=as_json,
                replayed=replayed,
                say=say,
                progress=progress,
            )
        )


@dlq.command("replay")
@reason_option
@offset_option
@click.option("--all", "everything", is_flag=True, help="Replay all dead letters.")
@click.option(
    "--repaired",
    metavar="FILE",
    type=click.File("rb"),
    help="Send the values in FILE instead of the originals. FILE has lines of `list --json` with "
    "an edited `value`; - is standard input. By itself, this selects the letters in FILE.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show what would be done with each letter; send nothing."
)
@one_line_errors
def replay_letters(
    reasons: tuple[str, ...],
    positions: tuple[Position, ...],
    repaired: BinaryIO | None,
    *,
    everything: bool,
    dry_run: bool,
) -> None:
    """Send dead letters back to be scored.

    Each letter is first judged with the current model and settings, as a worker does. Letters that
    would be accepted now are sent; those that would be rejected again are left, and counted by
    reason. A letter is replayed only once.

    \b
    Examples:
      faust -A anomaly_app.app dlq replay --all --dry-run
      faust -A anomaly_app.app dlq replay --reason too-large
      faust -A anomaly_app.app dlq replay --offset 3-1042 --offset 0-17
      faust -A anomaly_app.app dlq replay --repaired letters.jsonl
    """  # noqa: D301
    if not (reasons or positions or everything or repaired):
        raise click.ClickException(
            "nothing selected: give --reason, --offset, --all or --repaired FILE "
            "(--help has examples)"
        )
    if everything and (reasons or positions):
        raise click.ClickException("give either --all, or --reason and --offset")
    settings = load_settings()
    repairs = read_repairs(repaired, name=repaired.name) if repaired else {}
    if not (reasons or positions or everything):
        positions = tuple(repairs)
    # Importing scikit-learn and numba takes more than a second, and `dlq list` does not need them.
    from anomaly_app.registry.pipelines import load_pipeline  # noqa: PLC0415

    schemas = open_registry(settings)
    plan = Plan(
        Selection(frozenset(reasons), frozenset(positions)),
        repairs,
        load_pipeline(settings, schemas.readers if schemas else {}),
        topic=settings.transactions_topic,
    )
    account = Account()
    try:
        with reading(settings) as progress:
            asyncio.run(
                replay(
                    plan,
                    settings,
                    account,
                    schemas=schemas,
                    dry_run=dry_run,
                    say=say,
                    progress=progress,
                )
            )
    except KeyboardInterrupt:
        raise click.ClickException(
            f"interrupted; {account.replayed:,} were replayed before that, "
            "and those in flight may have been as well"
        ) from None
    for line in account.lines(plan.topic, dry_run=dry_run):
        say(line)
