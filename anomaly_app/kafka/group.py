"""Where a new consumer group begins: told, or set, before the worker joins it.

A group is new where it has no member, and has committed nothing on the topic that is scored.
Without more ado it reads that topic from its beginning, and the anomalies' as well: everything is
judged and alerted on once more.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    CommitFailedError,
    GroupLoadInProgressError,
    KafkaError,
    UnknownTopicOrPartitionError,
    for_code,
)

from anomaly_app.errors import BrokerError
from anomaly_app.kafka.offsets import OffsetRanges, watermarks
from anomaly_app.kafka.security import client_options
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

COORDINATOR_TIMEOUT = 15.0
"""Seconds for a coordinator to be found and to load, and for new topics to be known."""

RETRY_INTERVAL = 0.2
"""Seconds between two questions to a coordinator that does not know yet."""

FETCH_WAIT_MS = 100

Partitions = Mapping[str, Sequence[TopicPartition]]


async def set_starting_offsets(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Say where a new group begins, and commit the ends where the settings say so.

    Raises
    ------
    BrokerError
        It shall begin at the end, and the broker does not take that.
    """
    at_end = settings.new_group_starts_at == "end"
    try:
        async with asyncio.timeout(COORDINATOR_TIMEOUT):
            partitions = await _uncommitted_topics(admin, settings)
            if partitions:
                async with _open_consumer(settings) as consumer:
                    found = await watermarks(
                        consumer, [p for ps in partitions.values() for p in ps]
                    )
                    if at_end:
                        await _commit_ends(admin, settings, consumer, found)
                    elif any(start < end for start, end in found.values()):
                        logger.warning("%s", judges_again(settings, _offsets_by_topic(found)))
    except (KafkaError, TimeoutError) as fault:
        if at_end:
            raise BrokerError(
                f"group {settings.group} shall begin at the end (ANOMALY_NEW_GROUP_STARTS_AT), and "
                f"the broker does not take it ({type(fault).__name__}): start the worker again"
            ) from None
        logger.info("whether group %s is new is not known: %r", settings.group, fault)


def judges_again(settings: Settings, offsets: Mapping[str, int]) -> str:
    """Say what a group does that begins at the beginning.

    Parameters
    ----------
    settings
        Name the group and its topics.
    offsets
        How many there are in the topics that it begins.
    """
    judged, alerted = (
        offsets.get(topic, 0) for topic in (settings.transactions_topic, settings.anomalies_topic)
    )
    again = (
        f", and alert again on the up to {alerted:,} anomalies that {settings.anomalies_topic} "
        "holds"
        if alerted
        else ""
    )
    return (
        f"group {settings.group} is new: it will judge the up to {judged:,} records that "
        f"{settings.transactions_topic} holds{again}; to begin at the end instead, stop it, and "
        "set ANOMALY_NEW_GROUP_STARTS_AT=end and another ANOMALY_GROUP"
    )


def begins_at_end(settings: Settings, offsets: Mapping[str, int]) -> str:
    """Say what a group passes over that begins at the end; see `judges_again`."""
    passed = ", ".join(f"{count:,} of {topic}" for topic, count in offsets.items())
    return (
        f"group {settings.group} is new: it begins at the end (ANOMALY_NEW_GROUP_STARTS_AT), and "
        f"passes over the records before ({passed})"
    )


async def _commit_ends(
    admin: AIOKafkaAdminClient,
    settings: Settings,
    consumer: AIOKafkaConsumer,
    found: OffsetRanges,
) -> None:
    """Commit the ends of the partitions, unless another worker was quicker.

    Workers may start together, and a commit replaces any other. No record that arrives after the
    first of their commits is passed over all the same: whoever commits later has looked for that
    one in vain before it was there, and has read the ends before that. Once a worker has joined,
    the coordinator refuses a commit from outside.
    """
    if not await _uncommitted_topics(admin, settings):
        logger.info("group %s is new: another worker has said where it begins", settings.group)
        return
    try:
        await consumer.commit({partition: end for partition, (_, end) in found.items()})
    except CommitFailedError:
        logger.info("group %s has a member by now: its beginning stands", settings.group)
        return
    logger.info("%s", begins_at_end(settings, _offsets_by_topic(found)))


async def _uncommitted_topics(admin: AIOKafkaAdminClient, settings: Settings) -> Partitions:
    """Give the topics that a new group begins; none where it is not new.

    A group that has judged, and has committed nothing of the anomalies, has perhaps not alerted on
    them yet: they are no news to it.
    """
    while True:
        try:
            partitions = await _partitions(admin, settings)
            committed = await _committed_topics(admin, settings.group, partitions)
            members = await _count_members(admin, settings.group)
        except KafkaError as fault:
            if not fault.retriable:
                raise
            await asyncio.sleep(RETRY_INTERVAL)
        else:
            if members or settings.transactions_topic in committed:
                return {}
            return {topic: ps for topic, ps in partitions.items() if topic not in committed}


async def _partitions(admin: AIOKafkaAdminClient, settings: Settings) -> Partitions:
    described = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    topics = (settings.transactions_topic, settings.anomalies_topic)
    # A broker learns of a topic a moment after its controller has created it.
    if not all(described.get(topic) for topic in topics):
        raise UnknownTopicOrPartitionError
    return {
        topic: [TopicPartition(topic, partition["partition"]) for partition in described[topic]]
        for topic in topics
    }


async def _committed_topics(
    admin: AIOKafkaAdminClient, group: str, partitions: Partitions
) -> set[str]:
    """Name the topics of which the group has committed anything."""
    asked = [partition for ps in partitions.values() for partition in ps]
    answer = await admin.list_consumer_group_offsets(group, partitions=asked)
    # What is wrong with the group as a whole aiokafka does not look at: there is no answer then,
    # which must not pass for a group that has committed nothing.
    if set(answer) != set(asked):
        raise GroupLoadInProgressError
    return {partition.topic for partition, committed in answer.items() if committed.offset >= 0}


async def _count_members(admin: AIOKafkaAdminClient, group: str) -> int:
    [answer] = await admin.describe_consumer_groups([group])
    [(code, _, _, _, _, members, *_)] = answer.groups
    if code:
        raise for_code(code)
    return len(members)


def _offsets_by_topic(found: OffsetRanges) -> dict[str, int]:
    offsets: dict[str, int] = {}
    for (topic, _), (start, end) in found.items():
        offsets[topic] = offsets.get(topic, 0) + end - start
    return offsets


@asynccontextmanager
async def _open_consumer(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a client that can commit for the group without being its member."""
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        group_id=settings.group,
        enable_auto_commit=False,
        auto_offset_reset="latest",
        # What a producer's transaction has not finished yet has not arrived.
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
