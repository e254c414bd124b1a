"""The commands `label add`, `label undo` and `label list`."""

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import get_args

import click
import msgspec

from anomaly_app.core.feedback.messages import Feedback
from anomaly_app.core.feedback.wish import LabelWish, Subject, said_of
from anomaly_app.core.learning.label import ID, Basis, Undo, Verdict, check_undo
from anomaly_app.core.visible import quoted, visible
from anomaly_app.errors import LabelRefused
from anomaly_app.incidents.saying import check_feedback_topic, new_id, say_all
from anomaly_app.labels.import_command import import_labels
from anomaly_app.labels.listing import label_lines, labels_in
from anomaly_app.labels.so_far import SaidSoFar, said_so_far
from anomaly_app.settings import Settings, load_settings
from anomaly_app.terminal import Command, Progress, one_line_errors, say, user_option

LONGEST_LINE = 400

SHOWN = 20
"""Labels that `label list` shows by default."""

ABOUT: tuple[Subject, ...] = get_args(Subject)


def naming(command: Command) -> Command:
    """Add the options that name what labels are about, each of which can be repeated."""
    helps = {
        "anomaly": ("ID", "TOPIC-PARTITION-OFFSET of its transaction, as in its message."),
        "transaction": ("ID", "The id that the transaction itself has."),
        "entity": ("NAME", "Such as a card: all of its transactions."),
        "incident": ("ID", "As in its message: all of its transactions."),
    }
    for about in reversed(ABOUT):
        metavar, text = helps[about]
        command = click.option(f"--{about}", multiple=True, metavar=metavar, help=text)(command)
    return command


@click.group(context_settings={"max_content_width": 100})
def label() -> None:
    """Say what anomalies, transactions, entities and incidents were, and take it back.

    \b
    An anomaly was a fraud; all that a card did in a night was expected:
      faust -A anomaly_app.app label add fraud --anomaly transactions-3-1042
      faust -A anomaly_app.app label add expected --entity card-0042 --since 2026-01-05T20:00 \\
        --until 2026-01-06T06:00 --note "a trip"
    Answer an incident, as with its buttons in Slack:
      faust -A anomaly_app.app label add fraud --incident i-1042
    Chargebacks, which arrive weeks later:
      faust -A anomaly_app.app label import chargebacks.csv --user acquirer
    See what was said, and take something back:
      faust -A anomaly_app.app label list --entity card-0042
      faust -A anomaly_app.app label undo s-3fa94c10b2d7

    The commands use the same settings as a worker: run them in the worker's environment.
    """  # noqa: D301  # click reads the escape: keep the lines as they are


label.add_command(import_labels)


@label.command()
@click.argument("verdict", type=click.Choice([str(one) for one in Verdict]))
@naming
@click.option("--since", default=None, metavar="TIME", help="ISO 8601; in UTC if it names no zone.")
@click.option("--until", default=None, metavar="TIME", help="The same.  [default: now]")
@click.option("--note", default="", help="Why, for those who wonder.")
@user_option
@click.option("--outcome", is_flag=True, help="It has turned out so: this outweighs opinions.")
@one_line_errors
def add(
    verdict: str,
    *,
    since: str | None,
    until: str | None,
    note: str,
    user: str,
    outcome: bool,
    **named: tuple[str, ...],
) -> None:
    """Say what something was; prints the id of each label.

    All options that name something can be repeated. --since and --until are for entities, whose
    label is about all of their transactions in that time.

    \b
    Examples:
      faust -A anomaly_app.app label add fraud --anomaly transactions-3-1042 --outcome
      faust -A anomaly_app.app label add expected --transaction 71 --transaction 72 --note refunds
      faust -A anomaly_app.app label add fraud --entity card-0042 --since 2026-01-05
    """  # noqa: D301
    wishes = [
        LabelWish(
            about=about,
            name=name,
            verdict=Verdict(verdict),
            basis=Basis.OUTCOME if outcome else Basis.OPINION,
            user=user,
            note=note,
            since=since,
            until=until,
        )
        for about in ABOUT
        for name in named[about]
    ]
    if not wishes:
        raise LabelRefused("say of what: --anomaly, --incident, --transaction or --entity")
    now = time.time()
    said = [said_of(wish, new_id(), now, via="command") for wish in wishes]
    settings = load_settings()
    asyncio.run(_say(said, settings))
    for one in said:
        say(one.id)


async def _say(said: Sequence[Feedback], settings: Settings) -> None:
    await check_feedback_topic(settings)
    await say_all(said, settings)


@label.command()
@click.argument("labels", nargs=-1, required=True, metavar="ID...")
@user_option
@one_line_errors
def undo(labels: tuple[str, ...], *, user: str) -> None:
    """Take back labels, or answers to incidents: what learns does not know them any more."""
    for name in labels:
        if not ID.fullmatch(name):
            raise LabelRefused(f"{quoted(name)} is not the id of a label: `label list` has it")
    now = time.time()
    undos = [Undo(id=new_id(), said=name, user=user, at=now) for name in labels]
    for one in undos:
        check_undo(one)
    settings = load_settings()
    so_far = _read(settings)
    for name in labels:
        if name not in so_far.said:
            raise LabelRefused(f"there is no label {name}: `label list` has those there are")
    fresh = [one for one in undos if one.said not in so_far.undone]
    asyncio.run(say_all(fresh, settings))
    before = len(labels) - len(fresh)
    say(f"{len(fresh)} label(s) taken back" + (f"; {before} had been before" if before else ""))


@label.command("list")
@naming
@click.option("--all", "everything", is_flag=True, help=f"Not only the latest {SHOWN}.")
@click.option("--json", "as_json", is_flag=True, help="Print all, one JSON object per line.")
@click.pass_context
@one_line_errors
def list_labels(
    context: click.Context,
    *,
    everything: bool,
    as_json: bool,
    **named: tuple[str, ...],
) -> None:
    """List labels and answers, the latest last; those that were taken back as well.

    They are shown as they were said: a label of an entity is not among those of its anomalies.
    """
    wanted = frozenset((about, name) for about in ABOUT for name in named[about])
    settings = load_settings()
    found = labels_in(_read(settings), wanted)
    if as_json or context.find_root().params.get("json", False):
        for one in found:
            say(msgspec.json.encode(one).decode())
        return
    if not found:
        say("there are no such labels" if wanted else "there are no labels")
        return
    shown = found if everything else found[-SHOWN:]
    for line in label_lines(shown):
        say(visible(line, LONGEST_LINE))
    if len(shown) < len(found):
        say(f"{len(found) - len(shown):,} older are not shown: --all shows them")


def _read(settings: Settings) -> SaidSoFar:
    with Progress(f"reading {settings.feedback_topic}", sys.stderr) as progress:
        return asyncio.run(said_so_far(settings, progress))
