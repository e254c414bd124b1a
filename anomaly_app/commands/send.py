"""`send`: send a record to a topic, exactly as typed.

Faust's own command looks for agents among the attributes of ``anomaly_app.app``, has the broker
create the topic if a name is misspelt, and prints a traceback if there is no broker.
"""

import asyncio
import json
from typing import Any

import click
from faust.cli.base import find_app

from anomaly_app.errors import BrokerError
from anomaly_app.kafka import broker_errors, describe_topics, open_admin, open_producer
from anomaly_app.settings import Settings, load_settings
from anomaly_app.terminal import one_line_errors, say


@click.command(context_settings={"max_content_width": 100})
@click.argument("entity", metavar="@AGENT|TOPIC")
@click.argument("value", required=False)
@click.option("--key", "-k", help="Key of the record: the entity of the transaction.")
@click.option(
    "--partition",
    type=click.IntRange(min=0),
    help="Partition to send to; by default, the key decides.",
)
@click.option(
    "--repeat",
    "-r",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="TIMES",
    help="How often to send it.",
)
@click.pass_context
@one_line_errors
def send(
    context: click.Context,
    entity: str,
    value: str | None,
    key: str | None,
    partition: int | None,
    repeat: int,
) -> None:
    """Send a record, exactly as typed, to a topic or to the topic of an agent.

    Prints the record's topic, partition and offset as JSON. A running worker scores records sent
    to @scoring; `dlq list` shows those that it could not read. Without VALUE, the value is null.

    \b
    Examples:
      faust -A anomaly_app.app send @scoring '{"features": {"amount": 4210}}' -k card-0042
      faust -A anomaly_app.app send transactions '{"features": [12.5, "books"]}'
    """  # noqa: D301
    if key is None and value is None:
        raise click.ClickException("nothing to send: give a VALUE, a --key, or both")
    topic = _topic_of(context, entity[1:]) if entity.startswith("@") else entity
    message = {"value": _bytes(value), "key": _bytes(key), "partition": partition}
    asyncio.run(_send(load_settings(), topic, message, times=repeat))


def _topic_of(context: click.Context, name: str) -> str:
    agents = find_app(context.find_root().params["app"]).agents
    if name not in agents:
        raise click.ClickException(
            f"there is no agent @{name}: the agents are "
            f"{', '.join(f'@{a}' for a in sorted(agents))}"
        )
    return str(agents[name].channel.get_topic_name())


def _bytes(text: str | None) -> bytes | None:
    # Bytes that are not UTF-8 on the command line are sent unchanged.
    return None if text is None else text.encode(errors="surrogateescape")


async def _send(settings: Settings, topic: str, record: dict[str, Any], *, times: int) -> None:
    async with open_admin(settings) as admin:
        with broker_errors("asking for the topics"):
            # A broker would create a missing topic, with its own default number of partitions.
            partitions = (await describe_topics(admin, settings, topic))[topic]
    if record["partition"] not in {None, *partitions}:
        raise BrokerError(
            f"topic {topic} has {len(partitions)} partitions, 0 to {partitions[-1]}: "
            f"there is no partition {record['partition']}"
        )
    async with open_producer(settings) as producer:
        for _ in range(times):
            with broker_errors(f"sending to {topic}"):
                sent = await producer.send_and_wait(topic, **record)
            say(json.dumps(sent._asdict()))
