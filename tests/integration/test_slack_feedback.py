"""Presses in Slack reach a topic of a real broker before they are acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from anomaly_app.channels.channel import Delivered, Place
from anomaly_app.channels.slack import Interactions, SlackApi, SlackChannel, SocketMode
from anomaly_app.core.alerts.feedback import AddSilence, Press
from anomaly_app.core.feedback.messages import Feedback
from tests.support.kafka import Kafka
from tests.support.slack_notices import notice
from tests.support.slack_server import APP_TOKEN, TOKEN, SlackServer, slack_server
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

Accept = Callable[[Feedback], Awaitable[None]]


@asynccontextmanager
async def producing(kafka: Kafka, topic: str) -> AsyncIterator[Accept]:
    """Send feedback as a worker does: it is kept when the broker has it."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, acks="all")
    await producer.start()

    async def accept(feedback: Feedback) -> None:
        await producer.send_and_wait(topic, msgspec.json.encode(feedback))

    try:
        yield accept
    finally:
        await producer.stop()


@asynccontextmanager
async def connected(server: SlackServer, accept: Accept) -> AsyncIterator[None]:
    """Receive presses, as two workers do."""
    api = SlackApi(TOKEN, server.url)
    modes = [
        SocketMode(APP_TOKEN, server.url, api, Interactions(accept, api).answer) for _ in range(2)
    ]
    running = [asyncio.create_task(mode.run()) for mode in modes]
    try:
        await eventually(lambda: sum(mode.open for mode in modes), lambda count: count == 4)
        yield
    finally:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await api.close()


async def test_what_people_answer_in_slack_is_on_the_topic_once_for_each_press(
    kafka: Kafka,
) -> None:
    topic = f"{kafka.name}-feedback"
    await kafka.create_topics({topic: 1})
    with slack_server() as slack:
        channel = SlackChannel(token=TOKEN, channel="#fraud", url=slack.url, group=kafka.name)
        posted = await channel.deliver(notice(), Place())
        assert isinstance(posted, Delivered)
        [message] = slack.messages
        async with producing(kafka, topic) as accept, connected(slack, accept):
            pressed = await slack.press(message, "fraud", user="ada")
            await slack.run(slack.people.deliver(pressed.payload, via="socket", again=0))
            await slack.press(message, "take", user="grace")
            await slack.press(message, "silence", user="ada")
            [form] = slack.views.values()
            submitted = await slack.submit(form, {"note": "a trip"}, user="ada")
        assert pressed.is_acknowledged
        assert submitted.is_acknowledged
        await channel.close()
    records = await kafka.read(topic, 4)
    said = [msgspec.json.decode(record.value or b"", type=Feedback) for record in records]
    answers = [(one.action, one.user) for one in said if isinstance(one, Press)]
    assert answers == [("fraud", "ada"), ("fraud", "ada"), ("take", "grace")]
    assert len({one.id for one in said}) == 3
    assert said[0].id == said[1].id
    assert {one.reference for one in said if isinstance(one, Press)} == {posted.reference}
    [silence] = [one.silence for one in said if isinstance(one, AddSilence)]
    assert silence.matchers == ("entity = card-0042", "feature = amount")
