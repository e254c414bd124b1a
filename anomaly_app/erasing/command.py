"""The command `store erase`."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from anomaly_app.core.feedback.action import Action, check_action
from anomaly_app.core.scoring.masks import MASKED
from anomaly_app.errors import EraseRefused, StoreUnavailable
from anomaly_app.incidents.saying import check_feedback_topic, new_id, say_all
from anomaly_app.settings import Settings
from anomaly_app.store.command import open_store, store_settings
from anomaly_app.store.said_rows import ERASE
from anomaly_app.terminal import Progress, one_line_errors, say, user_option

if TYPE_CHECKING:
    # SQLAlchemy is only there with the extra `store`.
    from anomaly_app.store.store import Store

VIA = "command"

PATIENCE = 60.0
"""Seconds to wait for a worker."""

BETWEEN = 0.2
"""Seconds between two looks."""


@click.command()
@click.argument("entity")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0.0, max=86_400.0),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a worker to do it.",
)
@user_option
@one_line_errors
def erase(entity: str, *, yes: bool, wait: float, user: str) -> None:
    """Erase what the store has of ENTITY up to now, for good; a running worker does it.

    Its anomalies are deleted, and labels and incidents of it; what else names it is redacted. It
    does not come back when topics are read again. What is said is kept without the name, by a
    digest: with another ANOMALY_HASH_KEY it is not found any more.

    Kafka's topics, backups, and messages that people got keep what they have: see docs/privacy.md.

    \b
    Example:
      faust -A anomaly_app.app store erase card-0042
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    # Bytes that are not UTF-8 on the command line come as surrogates.
    name = os.fsencode(entity).decode(errors="replace")
    if not name or name == MASKED:
        raise EraseRefused("ENTITY is a name as the store has it, and of one entity")
    settings = store_settings()
    opened = open_store(settings)
    try:
        _erase(name, opened, settings, user=user, asks=not yes, wait=wait)
    finally:
        opened.close()


def _erase(
    name: str, opened: "Store", settings: Settings, *, user: str, asks: bool, wait: float
) -> None:
    from anomaly_app.erasing.asking import check_tables, count, is_erased  # noqa: PLC0415  # as above

    check_tables(opened)
    marks = opened.digests.marks(name)
    said = [
        Action(id=new_id(), action=ERASE, subject=mark.text, user=user, via=VIA, at=time.time())
        for mark in marks
    ]
    for one in said:
        check_action(one)
    before = count(opened.engine, name)
    say(f"{opened.address} has of it: {_counted(before)}")
    if not any(before.values()) and settings.hash_key is not None:
        say("if hash= hides entities, ENTITY is the hash that messages show instead of the name")
    say("these are deleted, and what else names it is redacted")
    if asks:
        click.confirm("erase it for good?", abort=True)
    is_done = partial(is_erased, opened.engine, marks, said[0].at)
    if not asyncio.run(_say(said, settings, is_done, wait)):
        say(f"no worker has done it within {wait:g} s: it is done as soon as one runs")
        return
    after = count(opened.engine, name)
    say(f"erased: {_counted({kind: before[kind] - after[kind] for kind in before})}")


async def _say(
    said: Sequence[Action], settings: Settings, is_done: Callable[[], bool], wait: float
) -> bool:
    await check_feedback_topic(settings)
    await say_all(said, settings)
    begun = time.monotonic()
    with Progress("waiting for a worker, in s", sys.stderr) as progress:
        while not _is_done(is_done):
            passed = time.monotonic() - begun
            if passed >= wait:
                return False
            progress(int(passed), max(int(wait), 1))
            await asyncio.sleep(min(BETWEEN, wait - passed))
    return True


def _is_done(is_done: Callable[[], bool]) -> bool:
    try:
        return is_done()
    except StoreUnavailable:
        # A worker may have locked it, to erase.
        return False


def _counted(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in rows.items())
