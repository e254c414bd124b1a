"""Reading a part of a topic: from one offset to another, one partition after the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from anomaly_app.errors import BrokerError
from anomaly_app.kafka.clients import broker_errors
from anomaly_app.kafka.interface import Reader
from anomaly_app.kafka.offsets import OffsetRanges

POLL_MS = 1000

Progress = Callable[[int, int], None]
"""Called with the number of offsets read so far, and the total."""


class Fetched(NamedTuple):
    """The records of one fetch, and how far the reading is."""

    records: list[ConsumerRecord]
    done: int
    """Offsets read so far in all partitions, including those without a record."""


async def read_ranges(
    consumer: Reader, ranges: OffsetRanges, *, answer_timeout: float
) -> AsyncIterator[Fetched]:
    """Read ranges of offsets, holding no more than one fetch in memory.

    Parameters
    ----------
    consumer
        A consumer without a group.
    ranges
        Ranges of the partitions of one topic.
    answer_timeout
        Seconds without an answer after which the reading fails.

    Raises
    ------
    BrokerError
        The broker does not answer.
    """
    done = 0
    for partition, (start, end) in ranges.items():
        if start >= end:
            continue
        consumer.assign([partition])
        consumer.seek(partition, start)
        async for records, position in _read(consumer, partition, end, answer_timeout):
            yield Fetched(records, done + min(position, end) - start)
        done += end - start


async def _read(
    consumer: Reader, partition: TopicPartition, end: int, answer_timeout: float
) -> AsyncIterator[tuple[list[ConsumerRecord], int]]:
    doing = f"reading {partition.topic}"
    clock = asyncio.get_running_loop().time
    answered = clock()
    position = -1
    while position < end:
        if clock() > answered + answer_timeout:
            raise BrokerError(f"{doing} failed: no answer for {answer_timeout:.0f} s")
        with broker_errors(doing):
            fetched = await consumer.getmany(partition, timeout_ms=POLL_MS)
            reached = await consumer.position(partition)
        if reached > position:
            position, answered = reached, clock()
        yield [m for m in fetched.get(partition, ()) if m.offset < end], position
