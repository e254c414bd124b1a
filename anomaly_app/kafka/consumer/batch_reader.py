"""Reading a range of one partition, without a group, as batches in Kafka's own bytes."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast

from aiokafka.structs import TopicPartition

from anomaly_app.kafka.clients import open_consumer
from anomaly_app.kafka.consumer.client_internals import fetch_batches
from anomaly_app.kafka.consumer.loop_thread import Run, loop_in_thread
from anomaly_app.kafka.consumer.record_batches import RecordBatch
from anomaly_app.settings import Settings

POLL_MS = 500
"""Milliseconds after which a reader looks up, even if nothing has arrived."""

LAST_POLL_MS = 150
"""Milliseconds to wait for the first records where none are known; see `read_to_end`."""

OPTIONS = {
    # Each answer costs a pause.
    "max_partition_fetch_bytes": 8_388_608,
    # At the end of a partition, the next one waits until the broker has answered.
    "fetch_max_wait_ms": 10,
    # For the metadata of a topic that is read for the first time.
    "retry_backoff_ms": 10,
}


class Polled(NamedTuple):
    """What has arrived, and the offset after it."""

    batches: list[RecordBatch]
    position: int


class BatchReader:
    """Reads one partition after another; what it gives is unpacked by whoever needs it.

    Parameters
    ----------
    consumer
        A started consumer of aiokafka that is assigned to nothing.
    run
        Runs coroutines in the event loop of the consumer.
    """

    def __init__(self, consumer: Any, run: Run[Any]) -> None:
        self._consumer = consumer
        self._run = run
        fetch_batches(consumer, on_fetched=_nothing, pause=_no_pause)

    async def partitions(self, topic: str) -> int:
        """Return the number of partitions of a topic that exists."""

        async def ask() -> int:
            first = TopicPartition(topic, 0)
            self._consumer.assign([first])
            await self._consumer.beginning_offsets([first])
            return len(self._consumer.partitions_for_topic(topic) or ())

        return cast("int", await self._run(ask()))

    async def bounds(self, partition: TopicPartition) -> tuple[int, int]:
        """Return the first offset of a partition, and its end."""

        async def ask() -> tuple[int, int]:
            starts = await self._consumer.beginning_offsets([partition])
            ends = await self._consumer.end_offsets([partition])
            return starts[partition], ends[partition]

        return cast("tuple[int, int]", await self._run(ask()))

    async def read(
        self, partition: TopicPartition, start: int, end: int
    ) -> AsyncGenerator[list[RecordBatch], None]:
        """Yield what arrives, until the end is reached; now and then nothing.

        Batches may go beyond the end. Where the records from the start on are deleted, the first
        batch begins later, and may be empty. Where the log ends before the start, since the topic
        was made anew, nothing is yielded.
        """
        await self._begin(partition, start)
        position = start
        while position < end:
            batches, reached = await self._poll(partition, POLL_MS)
            if reached < position:
                return  # aiokafka has begun again at the first record
            if not batches and reached > position:
                batches = [
                    RecordBatch(partition.topic, partition.partition, reached, reached, None)
                ]
            position = reached
            yield batches

    async def read_to_end(
        self, partition: TopicPartition, start: int
    ) -> AsyncGenerator[list[RecordBatch], None]:
        """Yield what there is from an offset on.

        The embedded broker says the beginning of the last batch as the end of a partition; the
        answer to a fetch says the real one.
        """
        _, end = await self.bounds(partition)
        if start < end:
            async for batches in self.read(partition, start, end):
                yield batches
        else:
            await self._begin(partition, start)
            yield (await self._poll(partition, LAST_POLL_MS)).batches
        while await self._run(self._is_behind(partition)):
            yield (await self._poll(partition, POLL_MS)).batches

    async def _begin(self, partition: TopicPartition, start: int) -> None:
        async def begin() -> None:
            self._consumer.assign([partition])
            self._consumer.seek(partition, start)

        await self._run(begin())

    async def _poll(self, partition: TopicPartition, milliseconds: int) -> Polled:
        return cast("Polled", await self._run(self._polled(partition, milliseconds)))

    async def _polled(self, partition: TopicPartition, milliseconds: int) -> Polled:
        fetched = await self._consumer.getmany(partition, timeout_ms=milliseconds)
        position = await self._consumer.position(partition)
        return Polled(cast("list[RecordBatch]", fetched.get(partition, [])), position)

    async def _is_behind(self, partition: TopicPartition) -> bool:
        position: int = await self._consumer.position(partition)
        return position < self._readable(partition)

    def _readable(self, partition: TopicPartition) -> int:
        """Return the offset up to which a partition can be read; 0 until the first answer."""
        stable: int | None = self._consumer.last_stable_offset(partition)
        if stable is not None and stable >= 0:
            return stable
        return self._consumer.highwater(partition) or 0


@asynccontextmanager
async def open_batch_reader(settings: Settings) -> AsyncIterator[BatchReader]:
    """Open a reader of committed records.

    Raises
    ------
    BrokerUnreachable
        No broker answers.
    """
    opening = open_consumer(settings, committed_only=True, **OPTIONS)
    async with loop_in_thread("reader") as run:
        consumer = await run(opening.__aenter__())
        try:
            yield BatchReader(consumer, run)
        finally:
            await run(opening.__aexit__(None, None, None))


def _nothing() -> None:
    """Nobody waits for what was fetched but the reader itself."""


def _no_pause() -> float:
    return 0.0
