"""Creating one topic, and why the broker may not."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from anomaly_app.errors import BrokerRefused, TopicNotCreated
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

LIMIT = "max.message.bytes"
"""Kafka's name for the size limit of a topic's messages."""

MESSAGE_OVERHEAD = 524_288
"""Bytes that headers, framing and an anomaly's own fields may add to a transaction."""

LARGEST_MESSAGE = 16_777_216
"""Bytes; a lower bound of the limit, so that oversized records fit into the dead letters."""


class WantedTopic(NamedTuple):
    """A topic that the app needs."""

    name: str
    partitions: int
    """If it is created."""
    configs: Mapping[str, str] = {}
    """Besides the size limit of messages."""
    least: int | None = None
    """Partitions that are needed if it exists; None: as many as it would be created with."""


def max_message_bytes(settings: Settings) -> int:
    """Largest message of the app's topics, in bytes."""
    return max(2 * settings.max_record_bytes + MESSAGE_OVERHEAD, LARGEST_MESSAGE)


def configs_of(wanted: WantedTopic, settings: Settings) -> dict[str, str]:
    """Return all of a topic's configs that are not the broker's defaults."""
    return {LIMIT: str(max_message_bytes(settings)), **wanted.configs}


async def create_topic(admin: AIOKafkaAdminClient, wanted: WantedTopic, settings: Settings) -> bool:
    """Create a topic, and return whether another worker has not been faster.

    Raises
    ------
    BrokerRefused
        The user may not create it.
    TopicNotCreated
        The cluster cannot create it with these settings.
    KafkaError
        The broker does not answer.
    """
    topic = NewTopic(
        wanted.name,
        num_partitions=wanted.partitions,
        replication_factor=settings.replication,
        topic_configs=configs_of(wanted, settings),
    )
    # aiokafka does not raise a topic's error, but leaves it in the answer.
    answer = await admin.create_topics([topic])
    for _, code, *message in answer.topic_errors:
        if code:
            text = "".join(filter(None, message))
            await _handle_refusal(for_code(code), text, admin, wanted, settings)
            return False
    if wanted.name != settings.transactions_topic:
        logger.info("created topic %s with %d partitions", wanted.name, wanted.partitions)
    return True


async def _handle_refusal(
    fault: type[BrokerResponseError],
    message: str,
    admin: AIOKafkaAdminClient,
    wanted: WantedTopic,
    settings: Settings,
) -> None:
    name, configs = wanted.name, configs_of(wanted, settings)
    made = f"{wanted.partitions} partitions and {' '.join(map('='.join, configs.items()))}"
    if fault is TopicAlreadyExistsError:
        logger.info("topic %s already exists: another worker created it", name)
    elif fault is InvalidReplicationFactorError:
        brokers = len((await admin.describe_cluster())["brokers"])
        raise TopicNotCreated(
            f"topic {name} cannot have {settings.replication} replicas (ANOMALY_REPLICATION) "
            f"on a cluster of {brokers} broker(s): set it to at most {brokers}, or add brokers"
        )
    elif fault in {TopicAuthorizationFailedError, ClusterAuthorizationFailedError}:
        raise BrokerRefused(
            f"the broker does not let {user_of(settings)} see or create topic {name}: create it "
            f"with {made}, and grant the operations Describe, Read and Write on it"
        )
    else:
        raise TopicNotCreated(
            f"topic {name} cannot be created ({fault.__name__}: {message!r}): "
            f"create it yourself with {made}"
        )


async def config_of(admin: AIOKafkaAdminClient, topic: str, name: str) -> str | None:
    """Return one of a topic's configs; None if the broker does not report it."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs={name: ""})
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
    return dict(entries).get(name) or None


def user_of(settings: Settings) -> str:
    """Describe the user as which the broker knows this app."""
    return f"the user {settings.sasl_username!r}" if settings.uses_sasl else "this app"
