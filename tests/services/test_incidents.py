"""One message an incident, whoever dies and whenever."""

import asyncio
import re
import signal
from collections import Counter

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from harness.workers import Worker
from tests.support.alerts import alerting_file, opened, owner_of, told_in_a_file
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.slack_server import SlackServer, posting_to, slack_server
from tests.support.waiting import elapse, eventually, unchanged

pytestmark = pytest.mark.broker

SESSION = 6.0
"""Seconds of a worker's session; see `Kafka.environment`."""


def odd(entity: str, n: int = 0) -> bytes:
    return transaction(9_999.0 + n, "casino", entity=entity, n=n)


def to_slack(kafka: Kafka, slack: SlackServer, **group: str) -> None:
    alerting_file(kafka, {"type": "slack", "name": "slack"}, group=group)
    kafka.settings |= posting_to(slack.url, interval=0.05)


def shown(slack: SlackServer) -> "Counter[str]":
    """How many messages there are about each card."""
    texts = [re.search(r"card-\d+", message["text"]) for message in slack.shown]
    return Counter(text[0] for text in texts if text)


async def rewind(kafka: Kafka, topic: str, partitions: int) -> None:
    """Let a group without members read a topic again from its start."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.servers, group_id=kafka.name, enable_auto_commit=False
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, n) for n in range(partitions)]
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))
    finally:
        await consumer.stop()


async def test_a_worker_that_dies_between_a_post_and_its_outcome_posts_nothing_twice(
    kafka: Kafka,
) -> None:
    with slack_server() as slack:
        to_slack(kafka, slack)
        slack.answers = ["slow 60"]
        async with kafka.worker() as worker:
            await kafka.produce([odd("card-1")])
            await eventually(lambda: len(slack.posted), lambda posts: posts == 1)
            worker.process.kill()
        async with kafka.worker() as worker:
            await kafka.produce([odd("card-2")])
            await eventually(lambda: shown(slack), lambda found: found["card-2"] == 1)
            await eventually(
                lambda: stats_of(worker),
                lambda s: s["incidents"] and s["incidents"]["receivers"]["slack"]["waiting"] == 0,
            )
        assert shown(slack) == {"card-1": 1, "card-2": 1}
        assert len(slack.posted) == 2


async def frozen_owner(workers: list[Worker]) -> tuple[Worker, Worker]:
    """Freeze the worker that has the log; return it and the other one."""
    owner = await eventually(lambda: owner_of(*workers), lambda found: found is not None)
    owner.process.send_signal(signal.SIGSTOP)
    [other] = [worker for worker in workers if worker is not owner]
    return owner, other


async def both_ready(*workers: Worker) -> None:
    await eventually(
        lambda: asyncio.gather(*(worker.get("/readyz") for worker in workers)),
        lambda answers: all(status == 200 for status, _ in answers),
    )


async def test_a_worker_that_was_frozen_before_it_delivered_posts_nothing_when_it_wakes(
    kafka: Kafka,
) -> None:
    with slack_server() as slack:
        to_slack(kafka, slack, wait="3s")
        async with kafka.worker() as one, kafka.worker() as other:
            await both_ready(one, other)
            await kafka.produce([odd("card-1")])
            await eventually(
                lambda: asyncio.gather(stats_of(one), stats_of(other)),
                lambda found: any((s["incidents"] or {}).get("open") for s in found),
            )
            frozen, awake = await frozen_owner([one, other])
            await eventually(lambda: shown(slack), lambda found: found["card-1"] == 1)
            assert await owner_of(awake) is awake
            frozen.process.send_signal(signal.SIGCONT)
            await both_ready(one, other)
            await kafka.produce([odd("card-2")])
            await eventually(lambda: shown(slack), lambda found: found["card-2"] == 1)
            assert await unchanged(lambda: len(slack.posted), seconds=3.0) == 2
        assert shown(slack) == {"card-1": 1, "card-2": 1}


async def test_a_worker_that_was_frozen_while_slack_answered_posts_nothing_when_it_wakes(
    kafka: Kafka,
) -> None:
    with slack_server() as slack:
        to_slack(kafka, slack)
        async with kafka.worker() as one, kafka.worker() as other:
            await both_ready(one, other)
            slack.answers = ["slow 3"]
            await kafka.produce([odd("card-1")])
            await eventually(lambda: len(slack.posted), lambda posts: posts == 1)
            frozen, awake = await frozen_owner([one, other])
            await elapse(SESSION)
            await eventually(
                lambda: stats_of(awake),
                lambda s: s["incidents"] and s["incidents"]["receivers"]["slack"]["sent"] == 1,
            )
            frozen.process.send_signal(signal.SIGCONT)
            await both_ready(one, other)
            assert await unchanged(lambda: len(slack.posted), seconds=3.0) == 1


async def test_a_group_that_is_made_anew_while_a_message_is_looked_up_posts_it_once(
    kafka: Kafka,
) -> None:
    with slack_server() as slack:
        to_slack(kafka, slack)
        async with kafka.worker() as one, kafka.worker() as other:
            await both_ready(one, other)
            owner = await eventually(lambda: owner_of(one, other), lambda found: found is not None)
            slack.answers = ["reset"]
            slack.faults["conversations.history"] = ["slow 4"]
            await kafka.produce([odd("card-1")])
            await eventually(lambda: slack.calls, lambda calls: "conversations.history" in calls)
            (other if owner is one else one).process.terminate()
            await eventually(lambda: shown(slack), lambda found: found["card-1"] == 1)
            assert await unchanged(lambda: len(slack.posted), seconds=6.0) == 1


async def test_anomalies_that_are_read_again_open_no_second_incident(kafka: Kafka) -> None:
    file = told_in_a_file(kafka)
    async with kafka.worker():
        await kafka.produce([odd(f"card-{n % 3}", n) for n in range(30)])
        await eventually(lambda: opened(file), lambda found: len(found) == 3)
    await rewind(kafka, kafka.anomalies, kafka.partitions)
    before = opened(file)
    async with kafka.worker() as worker:
        await eventually(lambda: stats_of(worker), lambda s: s["alerts"] == {"taken": 30})
        await kafka.produce([transaction(-9_999.0, "food", entity="card-7")])
        await eventually(lambda: opened(file), lambda found: found["card-7"] == 1)
        stats = await stats_of(worker)
    assert opened(file) == before + Counter({"card-7": 1})
    assert stats["incidents"]["known"] == 4
