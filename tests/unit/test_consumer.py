"""The consumer: an event is whatever waits of a topic, and two at most are in hand."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from anomaly_app.app import create_app
from anomaly_app.errors import UnreadableBatch
from anomaly_app.kafka.consumer.consumer import IN_HAND, ConfirmingConsumer
from anomaly_app.settings.app import Settings
from tests.support.fetches import TOPIC, Sent, batch, packed

PARTITIONS = {TP(TOPIC, 0), TP(TOPIC, 1)}


@asynccontextmanager
async def new_consumer() -> AsyncIterator[Any]:
    consumer: Any = create_app(Settings(_env_file=None)).consumer
    assert isinstance(consumer, ConfirmingConsumer)
    yield consumer
    consumer._thread.thread_loop.close()


def arrive(consumer: Any, *offsets: int, partition: int = 0) -> None:
    for kafka_batch in packed(batch([Sent(offset) for offset in offsets]), partition=partition):
        consumer._inbox.put(kafka_batch)


async def messages(consumer: Any) -> list[Any]:
    """Make what is handed on into messages, as Faust does."""
    found = await consumer._getmany(PARTITIONS, 0.01)
    return [consumer._to_message(tp, runs) for tp, batches in found.items() for runs in batches]


async def test_the_records_of_all_partitions_are_one_event() -> None:
    async with new_consumer() as consumer:
        arrive(consumer, 5, 6)
        arrive(consumer, 3, partition=1)
        [message] = await messages(consumer)
        runs = [(r.partition, r.end, len(r.records)) for r in message.value]
        assert runs == [(0, 7, 2), (1, 4, 1)]
        assert (message.tp, message.offset) == (TP(TOPIC, 1), 3)


async def test_no_more_is_handed_on_than_agents_can_begin_with() -> None:
    async with new_consumer() as consumer:
        held = []
        for offset in range(IN_HAND):
            arrive(consumer, offset)
            held += await messages(consumer)
        assert len(held) == IN_HAND
        arrive(consumer, 10)
        arrive(consumer, 11)
        assert await messages(consumer) == []
        consumer.finish(SimpleNamespace(message=held[0], value=held[0].value))
        [message] = await messages(consumer)
        assert [r.end for r in message.value] == [11, 12]


async def test_an_event_that_faust_drops_is_not_in_hand() -> None:
    async with new_consumer() as consumer:
        for offset in range(2 * IN_HAND):
            arrive(consumer, offset)
            assert len(await messages(consumer)) == 1


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
        consumer._arrived.ring()
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
