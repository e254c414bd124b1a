"""The topic on which memories are published: compacted, with the partitions of the source."""

import logging
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from anomaly_app.errors import MemoryRefused
from anomaly_app.kafka.topics import LIMIT, create_topic, max_message_bytes
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

POLICY, COMPACT = "cleanup.policy", "compact"

LAG, SHORTEST_LAG_MS = "min.compaction.lag.ms", 3_600_000
"""Milliseconds that a superseded image stays: a worker that was frozen may have superseded it with
an older one, and its successor writes a newer one within this time."""

SEGMENT = "segment.ms"
"""Only closed segments are compacted."""


async def prepare_memory_topic(
    admin: AIOKafkaAdminClient, settings: Settings, sources: Sequence[str]
) -> None:
    """Create the topic if it is missing, or else check it.

    Parameters
    ----------
    admin
        A connected client.
    settings
        The name of the topic, and its replicas.
    sources
        The topics whose records are remembered; they exist.

    Raises
    ------
    MemoryRefused
        The topic has another number of partitions than a source.
    BrokerRefused, TopicNotCreated
        It cannot be created.
    """
    if not sources:
        return
    name = settings.memory_topic_name
    found = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    for source in sources:
        # A broker learns of a topic a moment after its controller has created it.
        wanted = found.get(source, settings.partitions)
        count = found[name] if name in found else await _create(admin, settings, wanted)
        if count != wanted:
            raise MemoryRefused(
                f"topic {name} has {count} partitions, and {source} has {wanted}: entities "
                "have moved to other partitions; stop all workers, run "
                "`faust -A anomaly_app.app memory rebuild`, which says what is lost, and start "
                "them again"
            )
    if name in found:
        await _warn(admin, name)


def configs(settings: Settings) -> dict[str, str]:
    """Return the topic's configuration."""
    return {
        POLICY: COMPACT,
        LAG: str(SHORTEST_LAG_MS),
        SEGMENT: str(SHORTEST_LAG_MS),
        LIMIT: str(max_message_bytes(settings)),
    }


async def _create(admin: AIOKafkaAdminClient, settings: Settings, partitions: int) -> int:
    topic = NewTopic(
        settings.memory_topic_name,
        num_partitions=partitions,
        replication_factor=settings.replication,
        topic_configs=configs(settings),
    )
    if await create_topic(admin, topic, settings):
        logger.info("created topic %s with %d partitions", topic.name, partitions)
    return partitions


async def _warn(admin: AIOKafkaAdminClient, name: str) -> None:
    """Warn of a configuration under which a memory may not be restored exactly."""
    found = await _described(admin, name)
    wrong = {
        POLICY: found.get(POLICY, COMPACT) != COMPACT,
        LAG: int(found.get(LAG, SHORTEST_LAG_MS)) < SHORTEST_LAG_MS,
    }
    right = {POLICY: COMPACT, LAG: str(SHORTEST_LAG_MS)}
    changes = ",".join(f"{key}={right[key]}" for key, is_wrong in wrong.items() if is_wrong)
    if changes:
        logger.warning(
            "topic %s may lose what is remembered of entities: change it with "
            "kafka-configs.sh --alter --add-config %s",
            name,
            changes,
        )


async def _described(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    """Return the topic's configuration, as far as the broker tells."""
    asked = {POLICY: "", LAG: ""}
    try:
        answers = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, configs=asked)]
        )
    except KafkaError:
        return {}
    entries = [
        (entry[0], entry[1])
        for answer in answers
        for _, _, _, _, described in answer.resources
        for entry in described
    ]
    return {key: value for key, value in entries if key in asked and value}
