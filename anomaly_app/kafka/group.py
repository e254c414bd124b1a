"""Where a new consumer group starts: logged, or set, before the worker joins it.

A group is new if it has no members, and has committed nothing on the topic that is scored. By
default it reads that topic and the anomalies topic from the beginning: everything is scored and
alerted on again.
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
"""Seconds between two requests to a coordinator that is not ready yet."""

FETCH_WAIT_MS = 100

Partitions = Mapping[str, Sequence[TopicPartition]]


async def set_starting_offsets(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Log where a new group starts, and commit the end offsets if the settings say so.

    Raises
    ------
    BrokerError
        The group should start at the end, but the broker did not accept its offsets.
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
                f"group {settings.group} cannot start at the end (ANOMALY_NEW_GROUP_STARTS_AT): "
                f"the broker did not accept its offsets ({type(fault).__name__}); "
                "start the worker again"
            ) from None
        logger.info("cannot tell whether group %s is new: %r", settings.group, fault)


def judges_again(settings: Settings, offsets: Mapping[str, int]) -> str:
    """Describe what a group that starts at the beginning will do.

    Parameters
    ----------
    settings
        The group and its topics.
    offsets
        Number of offsets in each topic that is new to the group.
    """
    judged, alerted = (
        offsets.get(topic, 0) for topic in (settings.transactions_topic, settings.anomalies_topic)
    )
    again = (
        f", and alert again on up to {alerted:,} anomalies in {settings.anomalies_topic}"
        if alerted
        else ""
    )
    return (
        f"group {settings.group} is new: it will score up to {judged:,} records in "
        f"{settings.transactions_topic}{again}; to start at the end instead, stop the worker, and "
        "set ANOMALY_NEW_GROUP_STARTS_AT=end and another ANOMALY_GROUP"
    )


def begins_at_end(settings: Settings, offsets: Mapping[str, int]) -> str:
    """Describe what a group that starts at the end skips; see `judges_again`."""
    skipped = ", ".join(f"{count:,} in {topic}" for topic, count in offsets.items())
    return (
        f"group {settings.group} is new: it starts at the end (ANOMALY_NEW_GROUP_STARTS_AT), and "
        f"skips the existing records ({skipped})"
    )


async def _commit_ends(
    admin: AIOKafkaAdminClient,
    settings: Settings,
    consumer: AIOKafkaConsumer,
    found: OffsetRanges,
) -> None:
    """Commit the ends of the partitions, unless another worker was quicker.

    Workers may start together, and each commit replaces the one before. Still, no record that
    arrives after the first commit is skipped: a worker reads the end offsets before it looks for
    another's commit, so one that found none read them before that commit. Once a worker has
    joined, the coordinator refuses commits from outside the group.
    """
    if not await _uncommitted_topics(admin, settings):
        logger.info("group %s is new: another worker has set its offsets", settings.group)
        return
    try:
        await consumer.commit({partition: end for partition, (_, end) in found.items()})
    except CommitFailedError:
        logger.info("group %s has a member by now: its offsets are unchanged", settings.group)
        return
    logger.info("%s", begins_at_end(settings, _offsets_by_topic(found)))


async def _uncommitted_topics(admin: AIOKafkaAdminClient, settings: Settings) -> Partitions:
    """Return the topics on which a new group has no commit; none if the group is not new.

    A group that has committed on the transactions but not on the anomalies may not have alerted on
    them yet, so it does not count as new.
    """
    while True:
        try:
            partitions = await _partitions(admin, settings)
            committed = await _committed_topics(admin, settings.group, partitions)
            members = await count_members(admin, settings.group)
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
    """Return the topics on which the group has committed anything."""
    asked = [partition for ps in partitions.values() for partition in ps]
    answer = await admin.list_consumer_group_offsets(group, partitions=asked)
    # aiokafka ignores errors of the group as a whole: the answer is then empty, which must not be
    # mistaken for a group that has committed nothing.
    if set(answer) != set(asked):
        raise GroupLoadInProgressError
    return {partition.topic for partition, committed in answer.items() if committed.offset >= 0}


async def count_members(admin: AIOKafkaAdminClient, group: str) -> int:
    """Return the number of a group's members.

    Raises
    ------
    KafkaError
        The coordinator does not answer.
    """
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
    """Open a client that can commit for the group without being a member."""
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        group_id=settings.group,
        enable_auto_commit=False,
        auto_offset_reset="latest",
        # Records of an open transaction do not count as arrived.
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
