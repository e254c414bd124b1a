"""What must hold before a worker joins its consumer group, checked and said in one line."""

import socket

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError
from faust.types.settings import Settings as FaustSettings

from anomaly_app.core.errors import BrokerRefused, BrokerUnreachable, WebPortTaken
from anomaly_app.settings import Settings
from anomaly_app.stream.knock import connect
from anomaly_app.stream.topic_checks import prepare_topics, user_of


def check_web_port(conf: FaustSettings) -> None:
    """Check that this worker can listen on its web port.

    Raises
    ------
    WebPortTaken
        Somebody else does.
    """
    if not conf.web_enabled:
        return
    bind, port = conf.web_bind, conf.web_port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as fault:
            raise WebPortTaken(
                f"cannot listen on {bind}:{port} ({fault.strerror}): start each worker of a host "
                "with a --web-port of its own"
            ) from None


async def check_broker(settings: Settings) -> None:
    """Wait for the broker, create the topics that are missing, and check the others.

    Raises
    ------
    BrokerUnreachable
        Nobody answered for ``broker_wait`` seconds, or only at the first address.
    BrokerRefused
        Broker and app do not trust each other, or the user may not do what a worker does.
    TopicNotCreated
        A missing topic cannot be created as the settings say.
    TopicMismatch
        A topic exists with another number of partitions.
    """
    admin = await connect(settings, wait=settings.broker_wait)
    try:
        await prepare_topics(admin, settings)
        await _check_group(admin, settings)
    except KafkaError as fault:
        raise BrokerUnreachable(
            f"a broker answers at {settings.broker} (ANOMALY_BROKER), and then fails "
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
