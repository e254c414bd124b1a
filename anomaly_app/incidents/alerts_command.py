"""The commands `alerts check` and `alerts test`."""

import asyncio
import sys
import time
from pathlib import Path

import click
from aiokafka import TopicPartition

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.choice import alerting_of, make_channels
from anomaly_app.core.alerts.explaining import NOWHERE, explain, lines_of
from anomaly_app.core.alerts.intake import read_sighting
from anomaly_app.core.alerts.trial import trial_notices
from anomaly_app.core.visible import quoted, visible
from anomaly_app.errors import AlertsRefused, AnomalyUnreadable, RecordRejected, describe
from anomaly_app.incidents.restored import restored_state
from anomaly_app.incidents.saying import new_id
from anomaly_app.kafka import (
    broker_errors,
    describe_topics,
    open_admin,
    open_consumer,
    read_ranges,
    watermarks,
)
from anomaly_app.registry.versions import counterpart_field
from anomaly_app.settings import Settings, load_settings
from anomaly_app.settings.alerting.for_core import policy_of
from anomaly_app.terminal import Progress, one_line_errors, say

ANSWER_TIMEOUT = 10.0
LONGEST_LINE = 300
MOST_BYTES = 20_000_000
"""Of an anomaly in a file."""


@click.group(context_settings={"max_content_width": 100})
def alerts() -> None:
    """See who would be told of an anomaly and why, and try the receivers.

    \b
    Why was nobody told of an anomaly?
      faust -A anomaly_app.app alerts check transactions-3-1042
    What would become of one that you write down?
      faust -A anomaly_app.app alerts check anomaly.json
    Does a message reach each receiver of alerting.yml?
      faust -A anomaly_app.app alerts test

    The commands use the same settings as a worker: run them in the worker's environment.
    """  # noqa: D301  # click reads the escape: keep the lines as they are


@alerts.command()
@click.argument("anomaly")
@one_line_errors
def check(anomaly: str) -> None:
    """Explain stage by stage what would become of ANOMALY now; nothing is changed.

    \b
    ANOMALY is one of
      transactions-3-1042   the id of one on the anomalies topic
      anomaly.json          a file with one, as it is on that topic
      -                     standard input, with one

    It is put to the incidents, silences and budgets as they are now. The first stage that does not
    let it pass decides; the others are shown as well.
    """  # noqa: D301  # as above
    settings = load_settings()
    for line in asyncio.run(_check(anomaly, _given(anomaly), settings)):
        say(visible(line, LONGEST_LINE))


async def _check(anomaly: str, given: bytes | None, settings: Settings) -> list[str]:
    policy = policy_of(alerting_of(settings))
    value = await _find(anomaly, settings) if given is None else given
    try:
        sighting = read_sighting(value, NOWHERE, counterpart_field(settings.model))
    except (AnomalyUnreadable, RecordRejected) as fault:
        raise AlertsRefused(f"{quoted(anomaly)} is not an anomaly: {fault}") from None
    memory = await restored_state(settings, policy)
    now = max(time.time(), memory.state.now)
    return lines_of(explain(memory.state, sighting, policy, now))


def _given(anomaly: str) -> bytes | None:
    """Read an anomaly that is given; None if it is to be found by its id."""
    if anomaly == "-":
        return sys.stdin.buffer.read(MOST_BYTES)
    path = Path(anomaly)
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as fault:
        raise AlertsRefused(f"{anomaly} cannot be read: {fault.strerror}") from None


async def _find(anomaly: str, settings: Settings) -> bytes:
    """Find an anomaly on its topic by its id."""
    topic, part = settings.anomalies_topic, f'"id":"{anomaly}"'.encode()
    async with open_admin(settings) as admin:
        with broker_errors(f"reading {topic}"):
            numbers = (await describe_topics(admin, settings, topic))[topic]
    with broker_errors(f"reading {topic}"):
        async with open_consumer(settings) as consumer:
            ranges = await watermarks(consumer, [TopicPartition(topic, n) for n in numbers])
            total = sum(end - begin for begin, end in ranges.values())
            with Progress(f"reading {topic}", sys.stderr) as show:
                async for fetched in read_ranges(consumer, ranges, answer_timeout=ANSWER_TIMEOUT):
                    show(fetched.done, total)
                    for record in fetched.records:
                        if record.value is not None and part in record.value:
                            value: bytes = record.value
                            return value
    raise AlertsRefused(
        f"{quoted(anomaly)} is neither a file nor the id of an anomaly on {topic}: ids are those "
        "of their transactions, topic-partition-offset"
    )


@alerts.command("test")
@click.option("--receiver", "names", multiple=True, metavar="NAME", help="Only this; repeatable.")
@click.pass_context
@one_line_errors
def try_receivers(context: click.Context, names: tuple[str, ...]) -> None:
    """Tell each receiver of a test incident, and then that it is over.

    The exit code is 1 if one of them does not take it.
    """
    if not asyncio.run(_try(names, load_settings())):
        context.exit(1)


async def _try(names: tuple[str, ...], settings: Settings) -> bool:
    channels = make_channels(alerting_of(settings), settings)
    if unknown := [name for name in names if name not in channels]:
        raise AlertsRefused(f"there is no receiver {unknown[0]}; there are {', '.join(channels)}")
    notices = trial_notices(new_id(), time.time())
    is_well = True
    for name, channel in channels.items():
        if names and name not in names:
            continue
        try:
            place = Place()
            for notice in notices:
                answer = await channel.deliver(notice, place)
                if not isinstance(answer, Delivered):
                    break
                place = Place(answer.reference)
        except Exception as fault:  # noqa: BLE001  # the others are tried as well
            answer = Refused(describe(fault))
        finally:
            await channel.close()
        is_well &= isinstance(answer, Delivered)
        match answer:
            case Delivered():
                said = "told"
            case Refused(why):
                said = f"refuses it: {why}"
            case Later(why):
                said = f"does not take it now: {why}"
        say(visible(f"{name}: {said}", LONGEST_LINE))
    return is_well
