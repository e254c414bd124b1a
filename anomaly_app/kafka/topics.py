"""The app's topics on the broker: created if they are missing, used as they are otherwise."""

import difflib
import logging
from collections.abc import Mapping
from typing import Any

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

from anomaly_app.errors import BrokerRefused, TopicMissing, TopicNotCreated
from anomaly_app.kafka.interface import TopicAdmin
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

LIMIT = "max.message.bytes"
"""Kafka's name for the size limit of a topic's messages."""

MIN_SIMILARITY = 0.7
"""Similarity of two names, 0 to 1, from which one may be a typo of the other."""

MESSAGE_OVERHEAD = 65_536
"""Bytes that headers, framing and an anomaly's own fields may add to a transaction."""

LARGEST_MESSAGE = 16_777_216
"""Bytes; a lower bound of the limit, so that oversized records fit into the dead letters."""


def max_message_bytes(settings: Settings) -> int:
    """Largest message of the app's topics, in bytes."""
    return max(2 * settings.max_record_bytes + MESSAGE_OVERHEAD, LARGEST_MESSAGE)


async def describe_topics(
    admin: TopicAdmin, settings: Settings, *names: str
) -> dict[str, list[int]]:
    """Return the partitions of topics that must exist.

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
                f"topic {name} does not exist at {settings.broker}: check ANOMALY_BROKER and the "
                "topic names; a worker creates missing topics"
            )
    return {name: sorted(partition["partition"] for partition in found[name]) for name in names}


async def prepare_topics(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Create missing topics, and check the others.

    Raises
    ------
    BrokerRefused
        The user may not create a missing topic.
    TopicNotCreated
        The cluster cannot create it with these settings.
    KafkaError
        The broker does not answer.
    """
    existing = {topic["topic"]: topic for topic in await admin.describe_topics()}
    ours = [name for name in settings.topic_names if name in existing]
    if ours:
        counts = ", ".join(f"{name} {len(existing[name]['partitions'])}" for name in ours)
        logger.info("partitions of the existing topics: %s", counts)
    for name in settings.topic_names:
        if name not in existing:
            await _create(admin, name, settings, existing)
        elif name != settings.transactions_topic:
            await _warn_of_limit(admin, name, settings)


def scored_topic_created(settings: Settings, meant: str | None) -> str:
    """Report that the scored topic did not exist, and which one may have been meant."""
    question = f"; did you mean the existing topic {meant}?" if meant else ""
    return (
        f"created topic {settings.transactions_topic} with {settings.partitions} partitions: "
        "nothing is scored until a producer writes to it; "
        f"ANOMALY_TRANSACTIONS_TOPIC sets its name{question}"
    )


def similar(settings: Settings, existing: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Find an existing topic with a name similar to the scored topic's.

    Parameters
    ----------
    settings
        The app's own topics, which are left out.
    existing
        The broker's topics, as aiokafka describes them.
    """
    names = {
        name.lower(): name
        for name, topic in existing.items()
        if not (topic.get("is_internal") or name.startswith("_") or name in settings.topic_names)
    }
    wanted = settings.transactions_topic.lower()
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=MIN_SIMILARITY)
    return names[close[0]] if close else None


async def create_topic(admin: AIOKafkaAdminClient, topic: NewTopic, settings: Settings) -> bool:
    """Create a topic; return False if another worker has created it at the same time.

    Raises
    ------
    BrokerRefused
        The user may not create it.
    TopicNotCreated
        The cluster cannot create it with these settings.
    """
    # aiokafka does not raise a topic's error, but leaves it in the answer.
    answer = await admin.create_topics([topic])
    for _, code, *message in answer.topic_errors:
        if code:
            said = "".join(filter(None, message))
            await _handle_refusal(for_code(code), said, admin, topic, settings)
            return False
    return True


async def _create(
    admin: AIOKafkaAdminClient,
    name: str,
    settings: Settings,
    existing: Mapping[str, Mapping[str, Any]],
) -> None:
    topic = NewTopic(
        name,
        num_partitions=settings.partitions,
        replication_factor=settings.replication,
        topic_configs={LIMIT: str(max_message_bytes(settings))},
    )
    if not await create_topic(admin, topic, settings):
        return
    if name == settings.transactions_topic:
        logger.warning("%s", scored_topic_created(settings, similar(settings, existing)))
    else:
        logger.info("created topic %s with %d partitions", name, settings.partitions)


async def _handle_refusal(
    fault: type[BrokerResponseError],
    message: str,
    admin: AIOKafkaAdminClient,
    topic: NewTopic,
    settings: Settings,
) -> None:
    name, configs = topic.name, (f"{key}={value}" for key, value in topic.topic_configs.items())
    made = f"{topic.num_partitions} partitions and {', '.join(configs)}"
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


async def _warn_of_limit(admin: AIOKafkaAdminClient, name: str, settings: Settings) -> None:
    limit = await _limit(admin, name)
    largest = max_message_bytes(settings)
    if limit is not None and limit < largest:
        logger.warning(
            "topic %s accepts messages of at most %d bytes (%s), but this app may send up to %d: a "
            "larger message would stop the worker; raise the limit with "
            "kafka-configs.sh --alter --add-config %s=%d",
            name,
            limit,
            LIMIT,
            largest,
            LIMIT,
            largest,
        )


async def _limit(admin: AIOKafkaAdminClient, name: str) -> int | None:
    """Return a topic's message size limit in bytes; None if the broker does not report it."""
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
    """Describe the user as which the broker knows this app."""
    return f"the user {settings.sasl_username!r}" if settings.uses_sasl else "this app"
