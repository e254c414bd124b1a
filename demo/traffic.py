"""Producing the events at a steady rate, and reading the anomalies back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from anomaly_app.core.scoring.anomaly import Anomaly, read_anomaly
from anomaly_app.kafka import open_admin
from anomaly_app.kafka.security import client_options
from anomaly_app.kafka.topics import prepare_topics
from anomaly_app.settings import Settings
from demo.messages import Message, MessageFile
from demo.scenario import Event
from demo.tally import Tally

TICK = 0.02
"""Seconds between two bursts of sends."""

LOOK = 0.2
"""Seconds between two looks at the file of messages."""

FETCH_WAIT_MS = 20
"""The embedded broker checks for new records only after a part of this."""


async def send_events(
    producer: AIOKafkaProducer,
    events: Sequence[Event],
    tally: Tally,
    *,
    rate: float,
    stop: asyncio.Event,
) -> None:
    """Produce events at `rate` per second until all are sent, or `stop` is set."""
    begin = time.monotonic()
    acknowledged = []
    while tally.sent < len(events) and not stop.is_set():
        due = min(int((time.monotonic() - begin) * rate) + 1, len(events))
        for event in events[tally.sent : due]:
            at = time.time()
            future = await producer.send(
                tally.transactions_topic, event.value, key=event.key, timestamp_ms=int(at * 1000)
            )
            future.add_done_callback(_recorder(tally, event, at))
            acknowledged.append(future)
            tally.sent += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TICK)
    await asyncio.gather(*acknowledged)


async def send_past(events: Sequence[Event], settings: Settings) -> None:
    """Create the topics, and produce records that nobody is to judge."""
    async with open_admin(settings) as admin:
        await prepare_topics(admin, settings, memories=1)
    producer = AIOKafkaProducer(**client_options(settings), linger_ms=20)
    await producer.start()
    try:
        futures = [
            await producer.send(settings.transactions_topic, event.value, key=event.key)
            for event in events
        ]
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


def _recorder(
    tally: Tally, event: Event, at: float
) -> Callable[["asyncio.Future[RecordMetadata]"], None]:
    def record(future: "asyncio.Future[RecordMetadata]") -> None:
        if not future.cancelled() and future.exception() is None:
            sent = future.result()
            tally.record_sent(event, partition=sent.partition, offset=sent.offset, at=at)

    return record


async def watch_anomalies(
    consumer: AIOKafkaConsumer, tally: Tally, *, show: Callable[[Anomaly], None]
) -> None:
    """Read anomalies until cancelled; each is shown once."""
    async for message in consumer:
        anomaly = read_anomaly(message.value)
        if tally.record_anomaly(anomaly.id, at=time.time()):
            show(anomaly)


async def watch_messages(
    file: MessageFile, tally: Tally, *, show: Callable[[Message], None]
) -> None:
    """Read messages until cancelled, and show each."""
    while True:
        for message in file.new():
            tally.messages.append(message)
            show(message)
        await asyncio.sleep(LOOK)


@asynccontextmanager
async def kafka_clients(
    settings: Settings,
) -> AsyncIterator[tuple[AIOKafkaProducer, AIOKafkaConsumer]]:
    """Open a producer, and a consumer that reads the anomalies topic from the beginning."""
    options = client_options(settings)
    producer = AIOKafkaProducer(**options, linger_ms=2)
    consumer = AIOKafkaConsumer(
        settings.anomalies_topic,
        **options,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    await producer.start()
    try:
        await consumer.start()
        try:
            yield producer, consumer
        finally:
            await consumer.stop()
    finally:
        await producer.stop()
