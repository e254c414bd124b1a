"""The app's topics on the broker: created if they are missing, used as they are otherwise."""

import difflib
import logging
from collections.abc import Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from anomaly_app.errors import TopicMissing
from anomaly_app.kafka.alert_topics import alert_topics, check_alerts_topic
from anomaly_app.kafka.interface import TopicAdmin
from anomaly_app.kafka.memory_topics import check_memory_topic, memory_topics
from anomaly_app.kafka.topic_creation import (
    LIMIT,
    WantedTopic,
    config_of,
    create_topic,
    max_message_bytes,
)
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

MIN_SIMILARITY = 0.7
"""Similarity of two names, 0 to 1, from which one may be a typo of the other."""


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


async def prepare_topics(
    admin: AIOKafkaAdminClient, settings: Settings, *, memories: int = 0
) -> dict[str, int]:
    """Create missing topics, check the others, and return the number of partitions of each.

    Parameters
    ----------
    admin
        Of the broker.
    settings
        Names and numbers of partitions.
    memories
        Number of keys whose memory the model has, 0 to 2.

    Raises
    ------
    BrokerRefused
        The user may not create a missing topic.
    TopicNotCreated
        The cluster cannot create it with these settings, or what is there cannot be used.
    KafkaError
        The broker does not answer.
    """
    existing = {topic["topic"]: topic for topic in await admin.describe_topics()}
    source = existing.get(settings.transactions_topic)
    partitions = settings.partitions if source is None else len(source["partitions"])
    ours = [WantedTopic(name, settings.partitions) for name in settings.topic_names]
    wanted = [
        *ours,
        *alert_topics(settings),
        *memory_topics(settings, partitions, memories),
    ]
    found = [topic.name for topic in wanted if topic.name in existing]
    if found:
        counts = ", ".join(f"{name} {len(existing[name]['partitions'])}" for name in found)
        logger.info("partitions of the existing topics: %s", counts)
    for topic in wanted:
        if topic.name not in existing:
            created = await create_topic(admin, topic, settings)
            if created and topic.name == settings.transactions_topic:
                logger.warning("%s", scored_topic_created(settings, similar(settings, existing)))
        elif topic.name != settings.transactions_topic:
            await _warn_of_limit(admin, topic.name, settings)
            count = len(existing[topic.name]["partitions"])
            await check_memory_topic(admin, topic, count)
            check_alerts_topic(settings, topic.name, count)
    return {
        topic.name: len(existing[topic.name]["partitions"])
        if topic.name in existing
        else topic.partitions
        for topic in wanted
    }


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
    own = {*settings.topic_names, *(topic.name for topic in alert_topics(settings))}
    names = {
        name.lower(): name
        for name, topic in existing.items()
        if not (topic.get("is_internal") or name.startswith("_") or name in own)
    }
    wanted = settings.transactions_topic.lower()
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=MIN_SIMILARITY)
    return names[close[0]] if close else None


async def _warn_of_limit(admin: AIOKafkaAdminClient, name: str, settings: Settings) -> None:
    limit = int((await config_of(admin, name, LIMIT)) or 0) or None
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
