"""What must hold before a worker joins its consumer group, checked and said in one line."""

import asyncio
import logging
import socket
from contextlib import suppress

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError
from faust.types.settings import Settings as FaustSettings

from anomaly_app.core.errors import BrokerUnreachable, TopicMismatch, WebPortTaken
from anomaly_app.settings import Settings
from anomaly_app.stream.topics import max_message_bytes

logger = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two attempts to reach the broker."""


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


async def prepare_topics(settings: Settings) -> None:
    """Wait for the broker, create the topics that are missing, and check the others.

    Raises
    ------
    BrokerUnreachable
        Nobody answered for ``broker_wait`` seconds.
    TopicMismatch
        A topic exists with another number of partitions.
    """
    admin = await _connect(settings)
    try:
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
    finally:
        await admin.close()


async def _connect(settings: Settings) -> AIOKafkaAdminClient:
    clock = asyncio.get_running_loop().time
    deadline = clock() + settings.broker_wait
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
        try:
            await admin.start()
        except (KafkaError, OSError) as fault:
            with suppress(KafkaError, OSError):
                await admin.close()
            if clock() + PAUSE > deadline:
                raise BrokerUnreachable(
                    f"no broker answers at {settings.broker} (ANOMALY_BROKER) after "
                    f"{settings.broker_wait:.0f} s: {type(fault).__name__}"
                ) from None
            logger.warning("no broker at %s yet; trying again in %.0f s", settings.broker, PAUSE)
            await asyncio.sleep(PAUSE)
        else:
            return admin


async def _create(admin: AIOKafkaAdminClient, name: str, settings: Settings) -> None:
    topic = NewTopic(
        name,
        num_partitions=settings.partitions,
        replication_factor=settings.replication,
        topic_configs={"max.message.bytes": str(max_message_bytes(settings))},
    )
    # Another worker that starts at the same moment may be quicker.
    with suppress(TopicAlreadyExistsError):
        await admin.create_topics([topic])
        logger.info("created topic %s with %d partitions", name, settings.partitions)
