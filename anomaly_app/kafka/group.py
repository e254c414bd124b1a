"""Where a consumer group begins that is new, said or chosen before the worker joins it.

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
from anomaly_app.kafka.offsets import bounds
from anomaly_app.kafka.security import client_options
from anomaly_app.settings.app import Settings

logger = logging.getLogger(__name__)

PATIENCE = 15.0
"""Seconds for a coordinator to be found and to load, and for new topics to be known."""

PAUSE = 0.2
FETCH_WAIT_MS = 100

Partitions = Mapping[str, Sequence[TopicPartition]]


async def begin_group(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Say where a new group begins; at the end, where the settings say so.

    Raises
    ------
    BrokerError
        It shall begin at the end, and the broker does not take that.
    """
    at_end = settings.new_group_starts_at == "end"
    try:
        async with asyncio.timeout(PATIENCE):
            partitions = await _new_to_group(admin, settings)
            if partitions:
                async with _open_consumer(settings) as consumer:
                    found = await bounds(consumer, [p for ps in partitions.values() for p in ps])
                    if at_end:
                        await _begin_at_end(admin, settings, consumer, found)
                    elif any(start < end for start, end in found.values()):
                        logger.warning("%s", judges_again(settings, _held(found)))
    except (KafkaError, TimeoutError) as fault:
        if at_end:
            raise BrokerError(
                f"group {settings.group} shall begin at the end (ANOMALY_NEW_GROUP_STARTS_AT), and "
                f"the broker does not take it ({type(fault).__name__}): start the worker again"
            ) from None
        logger.info("whether group %s is new is not known: %r", settings.group, fault)


def judges_again(settings: Settings, held: Mapping[str, int]) -> str:
    """Say what a group does that begins at the beginning.

    Parameters
    ----------
    settings
        Name the group and its topics.
    held
        How many offsets there are in the topics that it begins.
    """
    judged, alerted = (
        held.get(topic, 0) for topic in (settings.transactions_topic, settings.anomalies_topic)
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


def begins_at_end(settings: Settings, held: Mapping[str, int]) -> str:
    """Say what a group passes over that begins at the end; see `judges_again`."""
    passed = ", ".join(f"{count:,} of {topic}" for topic, count in held.items())
    return (
        f"group {settings.group} is new: it begins at the end (ANOMALY_NEW_GROUP_STARTS_AT), and "
        f"passes over the records before ({passed})"
    )


async def _begin_at_end(
    admin: AIOKafkaAdminClient,
    settings: Settings,
    consumer: AIOKafkaConsumer,
    found: Mapping[TopicPartition, tuple[int, int]],
) -> None:
    """Commit the ends of the partitions, unless another worker was quicker.

    Workers may start together, and a commit replaces any other. No record that arrives after the
    first of their commits is passed over all the same: whoever commits later has looked for that
    one in vain before it was there, and has read the ends before that. Once a worker has joined,
    the coordinator refuses a commit from outside.
    """
    if not await _new_to_group(admin, settings):
        logger.info("group %s is new: another worker has said where it begins", settings.group)
        return
    try:
        await consumer.commit({partition: end for partition, (_, end) in found.items()})
    except CommitFailedError:
        logger.info("group %s has a member by now: its beginning stands", settings.group)
        return
    logger.info("%s", begins_at_end(settings, _held(found)))


async def _new_to_group(admin: AIOKafkaAdminClient, settings: Settings) -> Partitions:
    """Give the topics that a new group begins; none where it is not new.

    A group that has judged, and has committed nothing of the anomalies, has perhaps not alerted on
    them yet: they are no news to it.
    """
    while True:
        try:
            partitions = await _partitions(admin, settings)
            committed = await _committed(admin, settings.group, partitions)
            members = await _members(admin, settings.group)
        except KafkaError as fault:
            if not fault.retriable:
                raise
            await asyncio.sleep(PAUSE)
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


async def _committed(admin: AIOKafkaAdminClient, group: str, partitions: Partitions) -> set[str]:
    """Name the topics of which the group has committed anything."""
    asked = [partition for ps in partitions.values() for partition in ps]
    answer = await admin.list_consumer_group_offsets(group, partitions=asked)
    # What is wrong with the group as a whole aiokafka does not look at: there is no answer then,
    # which must not pass for a group that has committed nothing.
    if set(answer) != set(asked):
        raise GroupLoadInProgressError
    return {partition.topic for partition, place in answer.items() if place.offset >= 0}


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    [answer] = await admin.describe_consumer_groups([group])
    [(code, _, _, _, _, members, *_)] = answer.groups
    if code:
        raise for_code(code)
    return len(members)


def _held(found: Mapping[TopicPartition, tuple[int, int]]) -> dict[str, int]:
    held: dict[str, int] = {}
    for (topic, _), (start, end) in found.items():
        held[topic] = held.get(topic, 0) + end - start
    return held


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
