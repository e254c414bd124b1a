"""The Kafka clients of the command line, and their errors in one line."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from anomaly_app.errors import BrokerError, BrokerUnreachable
from anomaly_app.kafka.interface import Reader, Writer
from anomaly_app.kafka.probe import connect
from anomaly_app.kafka.security import client_options
from anomaly_app.kafka.topics import max_message_bytes
from anomaly_app.settings import Settings

FETCH_WAIT_MS = 100
"""Milliseconds that the broker may hold back an empty fetch."""

CLIENT_ERRORS = (KafkaError, OSError, TimeoutError)


@asynccontextmanager
async def open_admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open a client that looks at topics.

    Raises
    ------
    BrokerUnreachable
        Nobody answers.
    BrokerRefused
        Somebody answers, and does not let this app in.
    """
    admin = await connect(settings, wait=0)
    try:
        yield admin
    finally:
        with suppress(*CLIENT_ERRORS):
            await admin.close()


@asynccontextmanager
async def open_consumer(
    settings: Settings, *, committed_only: bool = False
) -> AsyncIterator[Reader]:
    """Open a client that reads, without a group: it commits nothing and disturbs no worker.

    Parameters
    ----------
    settings
        Say where the broker is, and how it lets the app in.
    committed_only
        Whether records of transactions are left out that are aborted or under way.

    Raises
    ------
    BrokerUnreachable
        Nobody answers.
    """
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed" if committed_only else "read_uncommitted",
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    try:
        await _start(consumer, settings)
        yield consumer
    finally:
        with suppress(*CLIENT_ERRORS):
            await consumer.stop()


@asynccontextmanager
async def open_producer(settings: Settings) -> AsyncIterator[Writer]:
    """Open a client that sends, and takes for sent what all replicas have.

    Raises
    ------
    BrokerUnreachable
        Nobody answers.
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
    """Raise what the clients raise as one line.

    Raises
    ------
    BrokerError
        It says what was being done.
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
