"""Starting at the end skips nothing that arrives after the start."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.new_partitions import NewPartitions
from aiokafka.errors import GroupLoadInProgressError

from anomaly_app.errors import BrokerError
from anomaly_app.kafka import group as under_test
from anomaly_app.kafka.checks import check_broker
from anomaly_app.settings.app import Settings, load_settings
from tests.support.factories import transaction
from tests.support.kafka import Kafka, counts_of, stats_of
from tests.support.waiting import eventually, unchanged

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("apache")]

END = {"ANOMALY_NEW_GROUP_STARTS_AT": "end"}


@pytest.fixture
def settings(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in {**kafka.environment, **END}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def ids(first: int, count: int) -> list[bytes]:
    return [transaction(id=i) for i in range(first, first + count)]


async def judged(kafka: Kafka, count: int) -> int:
    async with kafka.worker(**END) as worker:
        await eventually(lambda: stats_of(worker), lambda s: s["events"] >= count)
        stats: dict[str, int] = await unchanged(lambda: counts_of(worker), seconds=0.5)
        return stats["events"]


async def test_a_worker_that_dies_before_its_first_commit_passes_over_nothing(
    kafka: Kafka, settings: Settings
) -> None:
    await kafka.produce_into_new_topics(ids(0, 500))
    # All that it did before it died.
    await check_broker(settings)
    await kafka.produce(ids(500, 70))
    assert await judged(kafka, 70) == 70


async def test_what_comes_after_a_start_on_empty_topics_is_judged(
    kafka: Kafka, settings: Settings
) -> None:
    await check_broker(settings)
    await kafka.produce(ids(0, 70))
    assert await judged(kafka, 70) == 70


async def test_partitions_that_are_added_later_are_read_from_their_beginning(
    kafka: Kafka, settings: Settings
) -> None:
    await kafka.produce_into_new_topics(ids(0, 500))
    await check_broker(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    more = {kafka.transactions: NewPartitions(kafka.partitions + 2)}
    await admin.create_partitions(more)
    # The broker learns of them a moment after its controller.
    await eventually(
        lambda: admin.describe_topics([kafka.transactions]),
        lambda found: len(found[0]["partitions"]) == kafka.partitions + 2,
    )
    await admin.close()
    places = await kafka.produce(ids(500, 300), keys=lambda _: None)
    assert {partition for partition, _ in places} >= {4, 5}
    assert await judged(kafka, 300) == 300


def between(
    monkeypatch: pytest.MonkeyPatch, name: str, meanwhile: Callable[[], Awaitable[None]], call: int
) -> None:
    """Do something else after a step of the module, at its so many-th call."""
    step = getattr(under_test, name)
    calls = 0

    async def then(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        mine = calls
        found = await step(*args)
        if mine == call:
            await meanwhile()
        return found

    monkeypatch.setattr(under_test, name, then)


async def test_of_two_workers_that_start_together_the_slower_passes_over_nothing_new(
    kafka: Kafka, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def the_quicker() -> None:
        await kafka.produce(ids(500, 10))
        await check_broker(settings)
        assert sum((await kafka.committed()).values()) == 510
        await kafka.produce(ids(510, 60))

    await kafka.produce_into_new_topics(ids(0, 500))
    between(monkeypatch, "watermarks", the_quicker, call=1)
    await check_broker(settings)
    assert sum((await kafka.committed()).values()) == 510
    assert await judged(kafka, 60) == 60


async def test_a_commit_after_another_worker_has_joined_is_refused_and_its_beginning_stands(
    kafka: Kafka,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, under_test.__name__):
        member = AIOKafkaConsumer(
            kafka.transactions,
            bootstrap_servers=kafka.servers,
            group_id=kafka.name,
            enable_auto_commit=False,
        )

        async def join() -> None:
            await member.start()
            await eventually(
                lambda: member.getmany(timeout_ms=100), lambda _: bool(member.assignment())
            )

        await kafka.produce_into_new_topics(ids(0, 500))
        between(monkeypatch, "_uncommitted_topics", join, call=2)
        try:
            await check_broker(settings)
            assert await kafka.committed() == {}
        finally:
            await member.stop()
    assert f"group {kafka.name} has a member by now: its offsets are unchanged" in caplog.messages


async def test_a_coordinator_that_does_not_answer_is_no_new_group(
    kafka: Kafka, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any, **__: Any) -> dict[Any, Any]:
        return {}

    await kafka.produce_into_new_topics(ids(0, 50))
    await check_broker(settings)
    committed = await kafka.committed()
    # aiokafka's answer while a coordinator loads its groups.
    monkeypatch.setattr(AIOKafkaAdminClient, "list_consumer_group_offsets", nothing)
    monkeypatch.setattr(under_test, "COORDINATOR_TIMEOUT", 1.0)
    with pytest.raises(BrokerError, match="NEW_GROUP_STARTS_AT.*start the worker again"):
        await check_broker(settings)
    monkeypatch.undo()
    assert await kafka.committed() == committed
    assert GroupLoadInProgressError.retriable


async def test_a_transaction_that_is_under_way_is_not_passed_over(
    kafka: Kafka, settings: Settings
) -> None:
    await kafka.produce_into_new_topics(ids(0, 500))
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, transactional_id=kafka.name)
    await producer.start()
    try:
        await producer.begin_transaction()
        for value in ids(500, 20):
            await producer.send(kafka.transactions, value, partition=0)
        await producer.flush()
        await check_broker(settings)
        await producer.commit_transaction()
    finally:
        await producer.stop()
    assert sum((await kafka.committed()).values()) == 500
    assert await judged(kafka, 20) == 20
