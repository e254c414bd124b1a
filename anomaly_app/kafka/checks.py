"""Checks of the broker before a worker joins its group, each with a one-line error."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from anomaly_app.errors import BrokerRefused, BrokerUnreachable
from anomaly_app.kafka.group import set_starting_offsets
from anomaly_app.kafka.memory_topic import prepare_memory_topic
from anomaly_app.kafka.probe import connect
from anomaly_app.kafka.topics import prepare_topics, user_of
from anomaly_app.settings import Settings


async def check_broker(settings: Settings, remembered: Sequence[str] = ()) -> None:
    """Wait for the broker, create missing topics, and check the group.

    Parameters
    ----------
    settings
        Topics and group.
    remembered
        The topics for whose entities there is a memory.

    Raises
    ------
    BrokerUnreachable
        No broker answered for ``broker_wait`` seconds, or only at the first address.
    BrokerRefused
        Broker and app do not trust each other, or the user lacks a permission that a worker needs.
    TopicNotCreated
        A missing topic cannot be created with these settings.
    MemoryRefused
        The memory topic does not fit to the topics that are remembered.
    BrokerError
        A new group should start at the end, but the broker did not accept its offsets.
    """
    admin = await connect(settings, wait=settings.broker_wait)
    try:
        await prepare_topics(admin, settings)
        await prepare_memory_topic(admin, settings, remembered)
        await _check_group(admin, settings)
        await set_starting_offsets(admin, settings)
    except KafkaError as fault:
        raise BrokerUnreachable(
            f"a broker answers at {settings.broker} (ANOMALY_BROKER), but then fails "
            f"({type(fault).__name__}): can this host reach the addresses of its "
            "advertised.listeners, by the names in their certificates?"
        ) from None
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
