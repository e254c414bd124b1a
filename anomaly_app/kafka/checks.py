"""Checks of the broker before a worker joins its group, each with a one-line error."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from anomaly_app.errors import BrokerRefused, BrokerUnreachable
from anomaly_app.kafka.group import set_starting_offsets
from anomaly_app.kafka.probe import connect
from anomaly_app.kafka.topic_creation import user_of
from anomaly_app.kafka.topics import prepare_topics
from anomaly_app.settings import Settings


async def check_broker(settings: Settings, *, memories: int = 0) -> dict[str, int]:
    """Wait for the broker, create missing topics, and check the group.

    Returns the number of partitions of each topic.

    Parameters
    ----------
    settings
        The broker's address, and the names of topics and group.
    memories
        Number of keys whose memory the model has, 0 to 2.

    Raises
    ------
    BrokerUnreachable
        No broker answered for ``broker_wait`` seconds, or only at the first address.
    BrokerRefused
        Broker and app do not trust each other, or the user lacks a permission that a worker needs.
    TopicNotCreated
        A missing topic cannot be created with these settings.
    BrokerError
        A new group should start at the end, but the broker did not accept its offsets.
    """
    admin = await connect(settings, wait=settings.broker_wait)
    try:
        partitions = await prepare_topics(admin, settings, memories=memories)
        await _check_group(admin, settings)
        await set_starting_offsets(admin, settings)
    except KafkaError as fault:
        raise BrokerUnreachable(
            f"a broker answers at {settings.broker} (ANOMALY_BROKER), but then fails "
            f"({type(fault).__name__}): can this host reach the addresses of its "
            "advertised.listeners, by the names in their certificates?"
        ) from None
    else:
        return partitions
    finally:
        await admin.close()


async def _check_group(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    try:
        await admin.find_coordinator(settings.group)
    except GroupAuthorizationFailedError:
        raise BrokerRefused(
            f"the broker does not let {user_of(settings)} into the group {settings.group} "
            "(ANOMALY_GROUP): grant it the operation Read on the group"
        ) from None
    except KafkaError:
        # A cluster's first group has no coordinator yet; the worker waits for it.
        return
