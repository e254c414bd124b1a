"""The consumer: an event is whatever waits of a topic, and two at most are in hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from anomaly_app.app import create_app
from anomaly_app.settings import Settings
from anomaly_app.stream.consumer import IN_HAND, ConfirmingConsumer
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


def test_the_records_of_all_partitions_are_one_event() -> None:
    async def run() -> None:
        async with new_consumer() as consumer:
            arrive(consumer, 5, 6)
            arrive(consumer, 3, partition=1)
            [message] = await messages(consumer)
            runs = [(r.partition, r.offset, len(r.records)) for r in message.value]
            assert runs == [(0, 6, 2), (1, 3, 1)]
            assert (message.tp, message.offset) == (TP(TOPIC, 1), 3)

    asyncio.run(run())


def test_no_more_is_handed_on_than_agents_can_begin_with() -> None:
    async def run() -> None:
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
            assert [r.offset for r in message.value] == [10, 11]

    asyncio.run(run())


def test_an_event_that_faust_drops_is_not_in_hand() -> None:
    async def run() -> None:
        async with new_consumer() as consumer:
            for offset in range(2 * IN_HAND):
                arrive(consumer, offset)
                assert len(await messages(consumer)) == 1

    asyncio.run(run())


def test_nothing_is_handed_on_while_the_flow_is_stopped() -> None:
    async def run() -> None:
        async with new_consumer() as consumer:
            arrive(consumer, 5)
            consumer.stop_flow()
            assert await consumer._getmany(PARTITIONS, 0.01) is None
            consumer.resume_flow()
            assert len(await messages(consumer)) == 1

    asyncio.run(run())


def test_what_fetching_raised_is_raised_where_faust_hears_of_it() -> None:
    async def run() -> None:
        async with new_consumer() as consumer:
            consumer._thread._fault = OSError("a fault of the test")
            with pytest.raises(OSError, match="a fault of the test"):
                await messages(consumer)

    asyncio.run(run())
