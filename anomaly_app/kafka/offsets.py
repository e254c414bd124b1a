"""The watermarks of partitions, and the committed offsets of groups, on any broker."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupLoadInProgressError

from anomaly_app.kafka.interface import Reader

POLL_MS = 400
"""Milliseconds of the poll beyond the end; see `watermarks`."""

OffsetRanges: TypeAlias = Mapping[TopicPartition, tuple[int, int]]
"""For each partition, the first offset of a range and its end, which is exclusive."""


async def watermarks(
    consumer: Reader, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, tuple[int, int]]:
    """Return the low and the high watermark of each partition: its first offset and its end.

    Parameters
    ----------
    consumer
        A started consumer; afterwards it is assigned to the partitions and positioned at their
        ends.
    partitions
        Of any topics.
    """
    starts = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    # The embedded broker reports the beginning of the last batch as the end: a poll from there
    # finds the rest. On Apache Kafka it finds nothing, or what has just arrived.
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, ends[partition])
    for _ in partitions:
        if not await consumer.getmany(timeout_ms=POLL_MS):
            break
    return {p: (starts[p], await consumer.position(p)) for p in partitions}


async def committed_offset(
    admin: AIOKafkaAdminClient, group: str, partition: TopicPartition
) -> int | None:
    """Return the offset that a group has committed; None if it has committed nothing.

    Raises
    ------
    KafkaError
        The coordinator does not answer.
    """
    asked = TopicPartition(*partition)
    answer = await admin.list_consumer_group_offsets(group, partitions=[asked])
    # aiokafka ignores errors of the group as a whole: the answer is then empty.
    if asked not in answer:
        raise GroupLoadInProgressError
    offset = int(answer[asked].offset)
    return None if offset < 0 else offset
