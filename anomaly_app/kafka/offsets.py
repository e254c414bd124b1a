"""Where partitions begin and end, on any broker."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

LOOK_MS = 400
"""Milliseconds of the look beyond the end; see `bounds`."""


async def bounds(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, tuple[int, int]]:
    """Give the first offset and the end of each partition.

    Parameters
    ----------
    consumer
        Has been started; afterwards it is assigned to the partitions, and stands at their ends.
    partitions
        Of any topics.
    """
    starts = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    # What the embedded broker gives as the end is the beginning of the last batch: a look beyond
    # it finds the rest. On Apache Kafka that is nothing, or what has just arrived.
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, ends[partition])
    for _ in partitions:
        if not await consumer.getmany(timeout_ms=LOOK_MS):
            break
    return {p: (starts[p], await consumer.position(p)) for p in partitions}
