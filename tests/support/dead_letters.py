"""Dead letters that nobody wrote but the test, and the real command that reads them."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from anomaly_app import records
from anomaly_app.dead_letters.messages import Position
from tests.support.commands import Ended, faust
from tests.support.factories import transaction
from tests.support.kafka import LARGEST, Kafka

HOSTILE = b"\x1b]0;owned\x07\x9b2J\r\n\xff"


def dlq(kafka: Kafka, *arguments: str, stdin: str = "", **environment: str) -> Ended:
    """Run ``faust -A anomaly_app.app dlq`` to its end."""
    return faust(kafka, "dlq", *arguments, stdin=stdin, **environment)


def letter(kafka: Kafka, value: bytes | None, **changes: Any) -> records.DeadLetter:
    fields: dict[str, Any] = {
        "error": "not-json: made by the test",
        "topic": kafka.transactions,
        "partition": 0,
        "offset": 7,
        "key": b"card-1",
        "value": value,
    }
    return records.DeadLetter(**{**fields, **changes})


def some_letters(kafka: Kafka) -> list[records.DeadLetter]:
    """Two that would be accepted now, and two that would not."""
    return [
        letter(kafka, transaction(5_000.0, id=1), error="too-large: 900 bytes", offset=1),
        letter(kafka, b'{"features": ', partition=1, offset=2, key=None),
        letter(kafka, transaction(20.0, id=2), error="wrong-type: of an old model", partition=1),
        letter(kafka, None, error="null-value: the record has no value", partition=2, key=HOSTILE),
    ]


async def create_topics(kafka: Kafka, **configs: str) -> None:
    """Create the app's topics, as a worker would; configs are those of the transactions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    try:
        largest = {"max.message.bytes": str(LARGEST)}
        await admin.create_topics(
            [
                NewTopic(kafka.transactions, kafka.partitions, 1, topic_configs=largest | configs),
                NewTopic(kafka.dead_letters, kafka.partitions, 1, topic_configs=largest),
            ]
        )
    finally:
        await admin.close()


async def write_letters(
    kafka: Kafka, letters: Sequence[records.DeadLetter], *, first: int | None = None
) -> list[Position]:
    """Produce dead letters, each to the partition of its source, and give their positions.

    With `first`, in milliseconds since the epoch, each is a second younger than the one before.
    """
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, max_request_size=LARGEST)
    await producer.start()
    try:
        futures = [
            await producer.send(
                kafka.dead_letters,
                one.value,
                key=one.key,
                partition=one.partition,
                headers=list(one.headers.items()),
                timestamp_ms=None if first is None else first + 1000 * n,
            )
            for n, one in enumerate(letters)
        ]
        return [Position(m.partition, m.offset) for m in await asyncio.gather(*futures)]
    finally:
        await producer.stop()


async def prepare(
    kafka: Kafka, letters: Sequence[records.DeadLetter], **configs: str
) -> list[Position]:
    """Create the topics with dead letters in them, and give their positions."""
    await create_topics(kafka, **configs)
    return await write_letters(kafka, letters)


async def prepare_one_by_one(kafka: Kafka, letters: Sequence[records.DeadLetter]) -> list[Position]:
    """Create the topics with dead letters in them, the last of them written just now."""
    await create_topics(kafka)
    return await write_letters(kafka, letters, first=int(time.time() - len(letters)) * 1000)
