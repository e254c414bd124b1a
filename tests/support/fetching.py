"""The consumer's thread in the test's own event loop, with aiokafka's consumer and no broker."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult
from aiokafka.structs import TopicPartition
from faust.types import TP

from anomaly_app.app import create_app
from anomaly_app.kafka.consumer import ConsumerOptions, Gap
from anomaly_app.kafka.consumer import fetching as under_test
from anomaly_app.kafka.consumer.fetching import FetchingThread
from anomaly_app.kafka.consumer.inbox import Inbox
from anomaly_app.kafka.consumer.thread_safe_event import ThreadSafeEvent
from anomaly_app.settings.app import Settings
from tests.support.fetches import TOPIC, Sent, batch, one_by_one

OTHER_TOPIC = "anomalies"
SIZES = {TOPIC: 10, OTHER_TOPIC: 2}
LINGER = 0.005


async def _done() -> None:
    """In place of what the other thread does."""


class Fetching:
    """The thread with all that it needs; a test says what the broker has answered.

    Parameters
    ----------
    consumer
        Faust's consumer.
    client
        aiokafka's consumer, which has not been started.
    """

    def __init__(self, consumer: Any, client: AIOKafkaConsumer) -> None:
        loop = asyncio.get_running_loop()
        self.gaps: list[Gap] = []
        self.inbox = Inbox(SIZES)
        self.arrived = ThreadSafeEvent(loop)
        options = ConsumerOptions(fetch_wait=0.25, linger=LINGER, on_gap=self.gaps.append)
        self.thread: Any = cast("Any", FetchingThread)(
            consumer,
            inbox=self.inbox,
            arrived=self.arrived,
            options=options,
            loop=loop,
            thread_loop=loop,
        )
        self.client = client
        client.start = _done
        self.thread._create_consumer = lambda loop: client
        self.thread.call_thread = self._call
        consumer.threadsafe_partitions_revoked = lambda *_: _done()
        consumer.threadsafe_partitions_assigned = lambda *_: _done()

    async def stop(self) -> None:
        """Stop the thread, and wait until it has ended."""
        self.thread._stopped.set()
        self.thread._wake_up.set()
        await asyncio.wait_for(asyncio.gather(*self.thread._futures), timeout=10)

    async def _call(self, function: Any, *args: Any) -> Any:
        return await function(*args)

    async def assign(self, *partitions: TP, position: int = 0) -> None:
        """Let the group assign partitions, all of which are read on from `position`."""
        state = self.client._subscription
        state.assign_from_subscribed({TopicPartition(*tp) for tp in partitions})
        for tp in partitions:
            state.seek(TopicPartition(*tp), position)
        await self.thread.on_partitions_assigned(set(partitions))
        await self.thread.seek_wait(dict.fromkeys(partitions, position))
        self.thread.fetch_from(frozenset(partitions))

    def answer(self, tp: TP, offsets: Iterable[int], *, broken: bool = False) -> None:
        """Let the broker answer a fetch of a partition."""
        sent = [Sent(offset) for offset in offsets]
        records = bytearray(batch(sent))
        records[-1] ^= broken
        place = TopicPartition(*tp)
        result = FetchResult(
            place,
            assignment=self.client._subscription.subscription.assignment,
            partition_records=one_by_one(
                bytes(records), start=sent[0].offset, partition=tp.partition
            ),
            backoff=0,
        )
        self.client._fetcher._records[place] = result

    def seek_by_broker(self, tp: TP, offset: int) -> None:
        """Let aiokafka go on elsewhere, as it does where an offset does not exist any more."""
        self.client._subscription.seek(TopicPartition(*tp), offset)

    @property
    def kept(self) -> int:
        """Answers that have not been taken from aiokafka."""
        return len(self.client._fetcher._records)

    def waiting(self, topic: str = TOPIC) -> list[int]:
        """Take from the inbox, as the consumer does, and give the offsets."""
        taken = self.inbox.take(topic)
        self.thread.notify_taken()
        return [record.offset for found in taken for record in found.records]


@asynccontextmanager
async def fetching() -> AsyncIterator[Fetching]:
    """Start a thread whose consumer is subscribed, and has no partition yet."""
    consumer: Any = create_app(Settings(_env_file=None)).consumer
    client = AIOKafkaConsumer(group_id="tests")
    client._subscription.subscribe({TOPIC, OTHER_TOPIC})
    client._fetcher = Fetcher(client._client, client._subscription)
    # Nothing is asked of a broker.
    client._fetcher._fetch_task.cancel()
    with suppress(asyncio.CancelledError):
        await client._fetcher._fetch_task
    made = Fetching(consumer, client)
    try:
        with pytest.MonkeyPatch.context() as patch:
            # What is not woken is not helped by the clock.
            patch.setattr(under_test, "POLL_INTERVAL", 3600.0)
            await made.thread.on_start()
            yield made
            await made.stop()
    finally:
        client._closed = True
        await client._client.close()
        consumer._thread.thread_loop.close()
