"""The app's topics on the broker: created where they are missing, checked where they exist."""

import logging

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from anomaly_app.core.errors import BrokerRefused, TopicMismatch, TopicMissing, TopicNotCreated
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

LIMIT = "max.message.bytes"
"""Kafka's name for what one message of a topic may have."""


MESSAGE_OVERHEAD = 65_536
"""Bytes that headers, framing and an anomaly's own fields may add to a transaction."""

LARGEST_MESSAGE = 16_777_216
"""Bytes of a message at least, so that also an oversized record has room in the dead letters."""


def max_message_bytes(settings: Settings) -> int:
    """Bytes that one message of the app's topics may have."""
    return max(2 * settings.max_record_bytes + MESSAGE_OVERHEAD, LARGEST_MESSAGE)


async def describe_topics(
    admin: AIOKafkaAdminClient, settings: Settings, *names: str
) -> dict[str, list[int]]:
    """Give the partitions of topics that must exist.

    Raises
    ------
    TopicMissing
        One of them does not.
    KafkaError
        The broker does not answer.
    """
    found = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    for name in names:
        if name not in found:
            raise TopicMissing(
                f"there is no topic {name} at {settings.broker}: check ANOMALY_BROKER and the "
                "names of the topics; a worker creates those that are missing"
            )
    return {name: sorted(partition["partition"] for partition in found[name]) for name in names}


async def prepare_topics(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Create the topics that are missing, and check the others.

    Raises
    ------
    TopicMismatch
        A topic exists with another number of partitions.
    BrokerRefused
        The user may not create a topic that is missing.
    TopicNotCreated
        The cluster cannot create it as the settings say.
    KafkaError
        The broker does not answer.
    """
    existing = {topic["topic"]: topic for topic in await admin.describe_topics()}
    for name in settings.topic_names:
        if name not in existing:
            await _create(admin, name, settings)
            continue
        found = len(existing[name]["partitions"])
        if found != settings.partitions:
            raise TopicMismatch(
                f"topic {name} has {found} partitions, ANOMALY_PARTITIONS says "
                f"{settings.partitions}: set it to {found}, or name another topic"
            )
        if name != settings.transactions_topic:
            await _warn_of_limit(admin, name, settings)


async def _create(admin: AIOKafkaAdminClient, name: str, settings: Settings) -> None:
    topic = NewTopic(
        name,
        num_partitions=settings.partitions,
        replication_factor=settings.replication,
        topic_configs={LIMIT: str(max_message_bytes(settings))},
    )
    # What went wrong with a topic is in the answer; aiokafka does not raise it.
    answer = await admin.create_topics([topic])
    for _, code, *message in answer.topic_errors:
        await _judge(for_code(code), "".join(filter(None, message)), admin, name, settings)


async def _judge(
    fault: type[BrokerResponseError],
    message: str,
    admin: AIOKafkaAdminClient,
    name: str,
    settings: Settings,
) -> None:
    made = f"{settings.partitions} partitions and {LIMIT}={max_message_bytes(settings)}"
    if fault is NoError:
        logger.info("created topic %s with %d partitions", name, settings.partitions)
    elif fault is TopicAlreadyExistsError:
        logger.info("topic %s exists by now: another worker was quicker", name)
    elif fault is InvalidReplicationFactorError:
        brokers = len((await admin.describe_cluster())["brokers"])
        raise TopicNotCreated(
            f"topic {name} cannot have the {settings.replication} replicas of ANOMALY_REPLICATION "
            f"on a cluster of {brokers} broker(s): set it to {brokers} at most, or start more"
        )
    elif fault in {TopicAuthorizationFailedError, ClusterAuthorizationFailedError}:
        raise BrokerRefused(
            f"the broker does not let {user_of(settings)} see or create topic {name}: create it "
            f"with {made}, and grant the operations Describe, Read and Write on it"
        )
    else:
        raise TopicNotCreated(
            f"topic {name} cannot be created ({fault.__name__}: {message!r}): "
            f"create it yourself, with {made}"
        )


async def _warn_of_limit(admin: AIOKafkaAdminClient, name: str, settings: Settings) -> None:
    limit = await _limit(admin, name)
    largest = max_message_bytes(settings)
    if limit is not None and limit < largest:
        logger.warning(
            "topic %s takes messages of at most %d bytes (%s), and this app may send %d: a larger "
            "one would stop the worker; set it with kafka-configs.sh --alter --add-config %s=%d",
            name,
            limit,
            LIMIT,
            largest,
            LIMIT,
            largest,
        )


async def _limit(admin: AIOKafkaAdminClient, name: str) -> int | None:
    """Give the bytes that one message of a topic may have; None where the broker does not say."""
    resource = ConfigResource(ConfigResourceType.TOPIC, name, configs={LIMIT: ""})
    try:
        answers = await admin.describe_configs([resource])
    except KafkaError:
        return None
    entries = [
        (entry[0], entry[1])
        for answer in answers
        for _, _, _, _, configs in answer.resources
        for entry in configs
    ]
    found = dict(entries).get(LIMIT) or ""
    return int(found) if found.isdigit() else None


def user_of(settings: Settings) -> str:
    """Name the user that the broker takes this app for."""
    return f"the user {settings.sasl_username!r}" if settings.uses_sasl else "this app"
