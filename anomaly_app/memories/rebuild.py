"""A new start for memories that cannot be restored: from the log that is retained."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.errors import KafkaError

from anomaly_app.errors import BrokerError, MemoryRefused
from anomaly_app.kafka import broker_errors, describe_topics
from anomaly_app.kafka.changelog import edge_of
from anomaly_app.kafka.changelog.manifest import Manifest, manifest_key, write_manifest
from anomaly_app.kafka.group import count_members
from anomaly_app.memories.survey import Surveyed, Surveyor
from anomaly_app.settings import Settings


async def check_idle(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Check that no worker of the group runs: it would go on with the memory that it has.

    Raises
    ------
    MemoryRefused
        One does.
    BrokerError
        The coordinator does not answer.
    """
    try:
        members = await count_members(admin, settings.group)
    except KafkaError as fault:
        raise BrokerError(
            f"cannot tell whether group {settings.group} has members: {type(fault).__name__}"
        ) from None
    if members:
        raise MemoryRefused(
            f"group {settings.group} has {members} member(s): stop all workers first (one that was "
            f"killed counts for another {settings.session_timeout:.0f} s)"
        )


async def add_partitions(admin: AIOKafkaAdminClient, surveyor: Surveyor) -> int:
    """Give the memory topic as many partitions as the sources have, and return how many it lacked.

    Raises
    ------
    BrokerError
        The broker does not do it.
    """
    settings, topics = surveyor.settings, [source.topic for source in surveyor.sources]
    name = settings.memory_topic_name
    found = await describe_topics(admin, settings, *topics, name)
    wanted = max(len(found[topic]) for topic in topics)
    if (lacking := wanted - len(found[name])) > 0:
        with broker_errors(f"adding partitions to {name}"):
            await admin.create_partitions({name: NewPartitions(wanted)})
    return max(lacking, 0)


def loss(found: Surveyed) -> str:
    """Say in one line what a rebuild of a partition does, and what it loses."""
    manifest, log = found.published.manifest, found.log
    place = f"{found.source.topic} partition {found.partition}"
    replayed = max(log.target - log.begins, 0)
    does = f"{place}: {replayed:,} offsets are replayed, from {log.begins} to {log.target}"
    lost = []
    if manifest is not None and manifest.topic != log.topic:
        lost.append(f"the memory of topic {manifest.topic}")
    elif manifest is not None and manifest.begins < log.begins:
        lost.append(f"what offsets {manifest.begins} to {log.begins - 1} said, which are deleted")
    if manifest is not None and manifest.partitions != log.partitions:
        lost.append("the past of entities that were in another partition")
    return f"{does}; lost: {', and '.join(lost) or 'nothing'}"


def rebuilt(found: Surveyed) -> Manifest:
    """Return the manifest with which a partition begins anew: no image before it counts."""
    return Manifest(
        topic=found.source.topic,
        spec=found.source.spec,
        partitions=found.log.partitions,
        epoch=found.published.epoch + 1,
        begins=found.log.begins,
        safe=found.log.begins,
        committed=found.log.committed,
    )


async def rebuild(settings: Settings, partitions: Sequence[Surveyed]) -> None:
    """Write the manifests of a new start.

    Raises
    ------
    BrokerError
        The broker does not accept them.
    """
    async with edge_of(settings).open_writer() as writer:
        for found in partitions:
            key = manifest_key(found.source.name, found.partition)
            value = write_manifest(rebuilt(found))
            with broker_errors(f"writing to {settings.memory_topic_name}"):
                await writer.send_and_wait(settings.memory_topic_name, value, key, found.partition)
