"""The topics of the memories: the published images, and the way from entity to counterpart."""

from aiokafka.admin import AIOKafkaAdminClient

from anomaly_app.errors import TopicNotCreated
from anomaly_app.kafka.topic_creation import WantedTopic, config_of
from anomaly_app.settings import Settings

CLEANUP = "cleanup.policy"
COMPACT = "compact"

COMPACTED = {
    CLEANUP: COMPACT,
    # A worker that was frozen may write an old image over a newer one: both are kept for a while.
    "min.compaction.lag.ms": "3600000",
    # Images are large, and superseded soon.
    "segment.bytes": "134217728",
}


def memory_topics(settings: Settings, partitions: int, memories: int) -> list[WantedTopic]:
    """Return the topics that memories need; that of the alerts is always there.

    Parameters
    ----------
    settings
        Their names.
    partitions
        Partitions of the transactions topic: each publishes to the partition of its own number.
    memories
        Number of keys whose memory the model has, 0 to 2.
    """
    topics = [
        WantedTopic(
            settings.memory_topic_name,
            partitions,
            COMPACTED,
            # The log of alerts has one partition, and so has what is published of it.
            least=partitions if memories else 1,
        ),
        WantedTopic(settings.counterparts_topic_name, partitions),
    ]
    return topics[: max(memories, 1)]


async def check_memory_topic(
    admin: AIOKafkaAdminClient, wanted: WantedTopic, partitions: int
) -> None:
    """Check that an existing topic keeps what is published to it.

    Raises
    ------
    TopicNotCreated
        It has too few partitions, or deletes images that are still needed.
    """
    if wanted.configs.get(CLEANUP) != COMPACT:
        return
    least = wanted.partitions if wanted.least is None else wanted.least
    if partitions < least:
        raise TopicNotCreated(
            f"topic {wanted.name} (ANOMALY_MEMORY_TOPIC) has {partitions} partitions, and the "
            f"memories need {least}, as many as the transactions: add partitions with "
            f"kafka-topics.sh --alter --topic {wanted.name} --partitions {least}"
        )
    policy = await config_of(admin, wanted.name, CLEANUP)
    if policy is not None and policy != COMPACT:
        raise TopicNotCreated(
            f"topic {wanted.name} (ANOMALY_MEMORY_TOPIC) has {CLEANUP}={policy}, which deletes "
            "images of memory that are still needed: set it with kafka-configs.sh --alter "
            f"--entity-type topics --entity-name {wanted.name} --add-config {CLEANUP}={COMPACT}"
        )
