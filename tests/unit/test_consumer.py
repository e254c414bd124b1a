"""The consumer: an event is whatever waits of a topic, and at most two are in flight."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from faust.types import TP

from anomaly_app.app import create_app
from anomaly_app.errors import UnreadableBatch
from anomaly_app.kafka.consumer import ConfirmingApp, PartitionRecords, PendingBatch
from anomaly_app.kafka.consumer.consumer import MAX_IN_FLIGHT, ConfirmingConsumer
from anomaly_app.settings.app import Settings
from tests.support.fetches import TOPIC, Sent, batch, batches_in

PARTITIONS = {TP(TOPIC, 0), TP(TOPIC, 1)}


@asynccontextmanager
async def new_consumer(app: ConfirmingApp | None = None) -> AsyncIterator[Any]:
    consumer: Any = (app or create_app(Settings(_env_file=None))).consumer
    assert isinstance(consumer, ConfirmingConsumer)
    yield consumer
    consumer._thread.thread_loop.close()


def arrive(consumer: Any, *offsets: int, partition: int = 0, topic: str = TOPIC) -> None:
    for found in batches_in(batch([Sent(offset) for offset in offsets]), partition=partition):
        consumer._inbox.put(found._replace(topic=topic))


async def messages(consumer: Any) -> list[Any]:
    """Make what is handed on into messages, as Faust does."""
    found = await consumer._getmany(PARTITIONS, 0.01)
    return [consumer._to_message(tp, batch) for tp, batches in found.items() for batch in batches]


def worked_on(consumer: Any, message: Any) -> PendingBatch:
    """Make a message into what an agent gets."""
    return PendingBatch(message.value, message, consumer)


async def test_the_records_of_all_partitions_are_one_event() -> None:
    async with new_consumer() as consumer:
        arrive(consumer, 5, 6)
        arrive(consumer, 3, partition=1)
        [message] = await messages(consumer)
        partitions = [(one.partition, one.end, len(one.records)) for one in message.value]
        assert partitions == [(0, 7, 2), (1, 4, 1)]
        assert (message.tp, message.offset) == (TP(TOPIC, 1), 3)


async def test_no_more_is_handed_on_than_agents_can_begin_with() -> None:
    async with new_consumer() as consumer:
        held = []
        for offset in range(MAX_IN_FLIGHT):
            arrive(consumer, offset)
            held += await messages(consumer)
        assert len(held) == MAX_IN_FLIGHT
        arrive(consumer, 10)
        arrive(consumer, 11)
        assert await messages(consumer) == []
        worked_on(consumer, held[0]).finish()
        [message] = await messages(consumer)
        assert [one.end for one in message.value] == [11, 12]


async def test_an_event_that_faust_drops_is_not_in_flight() -> None:
    async with new_consumer() as consumer:
        for offset in range(2 * MAX_IN_FLIGHT):
            arrive(consumer, offset)
            assert len(await messages(consumer)) == 1


async def test_what_an_agent_confirms_of_its_batch_is_what_is_done() -> None:
    async with new_consumer() as consumer:
        arrive(consumer, 5, 6)
        arrive(consumer, 3, partition=1)
        [message] = await messages(consumer)
        batch = worked_on(consumer, message)
        assert [record.offset for record in batch.records] == [5, 6, 3]
        batch.confirm(message.value[0].records[0])
        assert [consumer.confirmed(TP(TOPIC, partition)) for partition in (0, 1)] == [6, None]
        for found in batch.partitions:
            batch.confirm(found)
        assert [consumer.confirmed(TP(TOPIC, partition)) for partition in (0, 1)] == [7, 4]


async def test_what_is_confirmed_after_a_rebalance_does_not_count() -> None:
    async with new_consumer() as consumer:
        arrive(consumer, 5, 6)
        [message] = await messages(consumer)
        consumer.app.consumer_generation_id += 1
        worked_on(consumer, message).confirm(message.value[0])
        assert consumer.confirmed(TP(TOPIC, 0)) is None


async def test_a_finished_batch_is_not_waited_for_by_a_stop() -> None:
    async with new_consumer() as consumer:
        arrive(consumer, 5, 6)
        [message] = await messages(consumer)
        consumer.track_message(message)
        assert set(consumer.unacked) == {message}
        worked_on(consumer, message).finish()
        assert not consumer.unacked


async def test_another_topic_is_one_declaration_with_its_batch_size() -> None:
    app = create_app(Settings(_env_file=None))
    topic = app.batch_topic("feedback", batch_size=2)
    assert [*topic.topics] == ["feedback"]
    async with new_consumer(app) as consumer:
        arrive(consumer, 5, 6, 7, topic="feedback")
        arrive(consumer, 5, 6, 7)
        sizes: dict[str, int] = {}
        for message in await messages(consumer):
            [found] = message.value
            assert isinstance(found, PartitionRecords)
            sizes[message.topic] = len(found.records)
        assert sizes == {"feedback": 2, TOPIC: 3}


async def test_nothing_is_handed_on_while_the_flow_is_stopped() -> None:
    async with new_consumer() as consumer:
        arrive(consumer, 5)
        consumer.stop_flow()
        assert await consumer._getmany(PARTITIONS, 0.01) is None
        consumer.resume_flow()
        assert len(await messages(consumer)) == 1


async def test_what_fetching_raised_ends_the_process_and_says_where(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", leave)
    async with new_consumer() as consumer:
        consumer._thread._fault = UnreadableBatch("topic transactions partition 3 …")
        with pytest.raises(SystemExit) as ended:
            await messages(consumer)
        assert ended.value.code == os.EX_TEMPFAIL
    assert "topic transactions partition 3" in caplog.text


def hearing(consumer: Any) -> list[int]:
    """Offsets of what is handed on; after the first, there is a rebalance."""
    handed: list[int] = []

    async def callback(message: Any) -> None:
        handed.append(message.offset)
        consumer.app.consumer_generation_id += 1

    consumer.callback = callback
    consumer._active_partitions = set(PARTITIONS)
    return handed


async def test_what_comes_after_a_rebalance_is_handed_on_although_it_was_waited_for_before() -> (
    None
):
    async with new_consumer() as consumer:
        handed = hearing(consumer)
        waiting = asyncio.ensure_future(consumer._hand_on())
        await asyncio.sleep(0)
        consumer.app.consumer_generation_id += 1
        arrive(consumer, 5, 6)
        consumer._arrived.set()
        await waiting
        assert handed == [6]


async def test_what_was_taken_before_a_rebalance_is_not_handed_on_after_it() -> None:
    async with new_consumer() as consumer:
        handed = hearing(consumer)
        arrive(consumer, 5, 6)
        both = {TP(TOPIC, 0): [consumer._inbox.take(TOPIC)]}
        arrive(consumer, 3, partition=1)
        both[TP(TOPIC, 1)] = [consumer._inbox.take(TOPIC)]

        async def taken(*_: Any) -> Any:
            return both, PARTITIONS

        consumer._wait_next_records = taken
        await consumer._hand_on()
        assert handed == [6]
        consumer.stop_flow()
        await consumer._hand_on()
        assert handed == [6]


class Listening:
    """Hears everything, and holds one partition back."""

    def __init__(self) -> None:
        self.held = {TP(TOPIC, 1)}
        self.heard: list[Any] = []

    def on_revoked(self, partitions: Any) -> None:
        self.heard.append(("revoked", partitions))

    def on_assigned(self, partitions: Any, wake: Any) -> None:
        self.heard.append(("assigned", partitions))

    def on_positioned(self, committed: Any) -> None:
        self.heard.append(("positioned", committed))

    def on_committed(self, offsets: Any) -> None:
        self.heard.append(("committed", offsets))


@asynccontextmanager
async def heard_consumer() -> AsyncIterator[tuple[Any, Listening]]:
    async with new_consumer() as consumer:
        listening = Listening()
        consumer._options = replace(consumer._options, listener=listening)
        yield consumer, listening


async def test_what_is_held_is_not_fetched() -> None:
    async with heard_consumer() as (consumer, listening):
        wanted: list[Any] = []
        consumer._thread.fetch_from = wanted.append
        await consumer._getmany(PARTITIONS, 0.01)
        listening.held = set()
        await consumer._getmany(PARTITIONS, 0.01)
        assert [wanted[0], wanted[-1]] == [{TP(TOPIC, 0)}, PARTITIONS]


@pytest.mark.parametrize("is_acknowledged", [True, False])
async def test_a_commit_is_heard_when_it_is_acknowledged_and_of_partitions_that_are_there(
    is_acknowledged: bool,
) -> None:
    async with heard_consumer() as (consumer, listening):

        async def commit(offsets: Any) -> bool:
            return is_acknowledged

        consumer._commit_offsets = commit
        consumer.assignment = lambda: {TP(TOPIC, 0)}
        consumer._done = {TP(TOPIC, 0): 7, TP(TOPIC, 1): 9}
        await consumer.force_commit()
        assert listening.heard == [("committed", {TP(TOPIC, 0): 7})] * is_acknowledged
        await consumer.force_commit()
        assert len(listening.heard) == is_acknowledged


async def test_where_reading_begins_is_heard_before_anything_is_passed_on() -> None:
    async with heard_consumer() as (consumer, listening):

        async def seek() -> Any:
            return {TP(TOPIC, 0): 7, TP(TOPIC, 1): None}

        async def seek_to_beginning(*partitions: Any) -> None:
            listening.heard.append(("beginning", partitions))

        consumer.seek_to_committed = seek
        consumer._thread.seek_to_beginning = seek_to_beginning
        await consumer.perform_seek()
        assert listening.heard == [
            ("beginning", (TP(TOPIC, 1),)),
            ("positioned", {TP(TOPIC, 0): 7, TP(TOPIC, 1): None}),
        ]
