"""The Kafka clients of the command line, with one-line errors."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from anomaly_app.errors import BrokerError, BrokerUnreachable
from anomaly_app.kafka.interface import Reader, Writer
from anomaly_app.kafka.probe import connect
from anomaly_app.kafka.security import client_options
from anomaly_app.kafka.topic_creation import max_message_bytes
from anomaly_app.settings import Settings

FETCH_WAIT_MS = 100
"""Milliseconds that the broker may hold a fetch while there are no records."""

CLIENT_ERRORS = (KafkaError, OSError, TimeoutError)


@asynccontextmanager
async def open_admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open a client that describes topics.

    Raises
    ------
    BrokerUnreachable
        No broker answers.
    BrokerRefused
        A broker answers, but rejects this app.
    """
    admin = await connect(settings, wait=0)
    try:
        yield admin
    finally:
        with suppress(*CLIENT_ERRORS):
            await admin.close()


@asynccontextmanager
async def open_consumer(
    settings: Settings, *, committed_only: bool = False, **options: Any
) -> AsyncIterator[Reader]:
    """Open a consumer without a group: it commits nothing and disturbs no worker.

    Parameters
    ----------
    settings
        The broker's address, and the app's credentials.
    committed_only
        Whether to skip records of aborted and open transactions.
    **options
        More options of `aiokafka.AIOKafkaConsumer`.

    Raises
    ------
    BrokerUnreachable
        No broker answers.
    """
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed" if committed_only else "read_uncommitted",
        **{"fetch_max_wait_ms": FETCH_WAIT_MS, **options},
    )
    try:
        await _start(consumer, settings)
        yield consumer
    finally:
        with suppress(*CLIENT_ERRORS):
            await consumer.stop()


@asynccontextmanager
async def open_producer(settings: Settings) -> AsyncIterator[Writer]:
    """Open a producer that waits for the acknowledgement of all replicas.

    Raises
    ------
    BrokerUnreachable
        No broker answers.
    """
    producer = AIOKafkaProducer(
        **client_options(settings), acks="all", max_request_size=max_message_bytes(settings)
    )
    try:
        await _start(producer, settings)
        yield producer
    finally:
        with suppress(*CLIENT_ERRORS):
            await producer.stop()


@contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """Turn the clients' exceptions into one-line errors.

    Raises
    ------
    BrokerError
        The message names what was being done.
    """
    try:
        yield
    except CLIENT_ERRORS as fault:
        raise BrokerError(f"{doing} failed: {type(fault).__name__}") from None


async def _start(client: AIOKafkaConsumer | AIOKafkaProducer, settings: Settings) -> None:
    try:
        await client.start()
    except CLIENT_ERRORS as fault:
        raise BrokerUnreachable(
            f"no broker answers at {settings.broker} (ANOMALY_BROKER): {type(fault).__name__}"
        ) from None
