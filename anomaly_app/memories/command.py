"""The commands `memory status`, `memory verify` and `memory rebuild`."""

import asyncio
import time

import click
import msgspec

from anomaly_app.errors import MemoryRefused
from anomaly_app.memories.rebuild import add_partitions, check_idle, loss, rebuild
from anomaly_app.memories.status import status_lines, status_of
from anomaly_app.memories.survey import Surveyed, open_surveyor
from anomaly_app.memories.verify import verify_all
from anomaly_app.settings import Settings, load_settings
from anomaly_app.terminal import one_line_errors, say


@click.group(context_settings={"max_content_width": 100})
def memory() -> None:
    """Look at what is remembered of entities, compare it with the log, or begin anew.

    \b
    How far it is published, and whether it could be restored:
      faust -A anomaly_app.app memory status
    Whether it is what the log says, to the bit:
      faust -A anomaly_app.app memory verify
    After a worker has refused to restore it:
      faust -A anomaly_app.app memory rebuild

    The commands use the same settings as a worker: run them in the worker's environment.
    """  # noqa: D301  # click reads the escape: keep the lines as they are


@memory.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per partition.")
@click.pass_context
@one_line_errors
def status(context: click.Context, *, as_json: bool) -> None:
    """Show for each partition how far images and replay are.

    A restore loads the images, and replays the records from SAFE to COMMITTED. If that is not
    possible, the reason is below the table, and the exit code is 1.
    """
    found = asyncio.run(_survey(load_settings()))
    statuses = [status_of(one, time.time()) for one in found]
    if as_json or context.find_root().params.get("json", False):
        for one in statuses:
            say(msgspec.json.encode(one).decode())
    else:
        for line in status_lines(statuses):
            say(line)
    if any(one["refused"] for one in statuses):
        context.exit(1)


@memory.command()
@click.pass_context
@one_line_errors
def verify(context: click.Context) -> None:
    """Compare the memories, as published, with an offline replay of the log.

    Each memory is restored at the committed offset as a worker does it, and is compared with a
    replay of all records from where it began. Workers may run meanwhile. The exit code is 1 if
    anything differs, or if a memory cannot be restored.
    """
    if not asyncio.run(verify_all(load_settings(), say)):
        context.exit(1)


@memory.command("rebuild")
@click.option(
    "--partition",
    "places",
    multiple=True,
    metavar="TOPIC-PARTITION",
    help="Only this one, such as transactions-3, also if it could be restored; repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="Also those that could be restored.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@one_line_errors
def rebuild_memories(places: tuple[str, ...], *, everything: bool, yes: bool) -> None:
    """Begin memories anew, from the records that are retained.

    The workers then ignore what was published before, and replay the log from its start up to the
    committed offset, without judging it again. By default this concerns the memories that cannot
    be restored. All workers have to be stopped.
    """
    settings = load_settings()
    chosen = asyncio.run(_choose(settings, places, everything=everything))
    if not chosen:
        say("every memory can be restored: --all or --partition rebuild it nevertheless")
        return
    for found in chosen:
        say(loss(found))
    if not yes:
        click.confirm(f"rebuild {len(chosen)} memories?", abort=True)
    asyncio.run(rebuild(settings, chosen))
    say(f"{len(chosen)} memories begin anew when the workers start")


async def _survey(settings: Settings) -> list[Surveyed]:
    async with open_surveyor(settings) as surveyor:
        return [found async for found in surveyor.survey()]


async def _choose(
    settings: Settings, places: tuple[str, ...], *, everything: bool
) -> list[Surveyed]:
    async with open_surveyor(settings) as surveyor:
        await check_idle(surveyor.admin, settings)
        if lacking := await add_partitions(surveyor.admin, surveyor):
            say(f"added {lacking} partition(s) to {settings.memory_topic_name}")
        found = {f"{one.source.topic}-{one.partition}": one async for one in surveyor.survey()}
    if unknown := [place for place in places if place not in found]:
        raise MemoryRefused(f"there is no {unknown[0]}; there are {', '.join(found)}")
    return [
        one
        for place, one in found.items()
        if everything or place in places or (not places and one.refusal is not None)
    ]
