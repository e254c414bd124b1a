"""What others do to the topic of the memories: it is mended, or refused, and never believed."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from anomaly_app.kafka.changelog.published import Published
from anomaly_app.kafka.memory_topics import COMPACTED
from anomaly_app.registry.artifacts import save_model
from tests.support.commands import faust
from tests.support.kafka import LARGEST, Kafka, admin_of
from tests.support.memories import fitted_with_memory
from tests.support.payments import Message, ordinary, produce_steadily
from tests.support.published import published, reader_of, to_replay
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

ENTITIES = 8_000

GARBAGE: list[tuple[bytes | None, bytes | None]] = [
    (b"", b""),
    (b"entity/1", b"not of this partition"),
    (b"entity/0/\xb2", b"a digit that is none"),
    (b"entity/x/3", None),
    (b"entity/0/" + b"9" * 5_000, b"a block that Python cannot count"),
    (b"entity/0/999999999", None),
    (b"entity/0/-1", b"\x01"),
    (b"x" * 100_000, b"x" * 500_000),
    (b"\xff\xfe", b"\x00" * 13),
]


@pytest.fixture
def remembering(kafka: Kafka, tmp_path: Path) -> Kafka:
    """Surroundings of workers whose memory has many blocks, and is published at once."""
    made = fitted_with_memory(alert_rate=1e-4, capacity=2**14)
    kafka.model = save_model(tmp_path / "models", made.manifest, made.pickle)
    kafka.settings |= {"ANOMALY_MEMORY_INTERVAL": "1"}
    kafka.partitions = 2
    return kafka


async def judge(kafka: Kafka, chunks: Iterable[list[Message]], total: int) -> None:
    """Let the workers judge more payments, until so many are committed."""
    await asyncio.to_thread(produce_steadily, kafka.servers, kafka.transactions, chunks)
    await eventually(kafka.committed, lambda offsets: sum(offsets.values()) == total)


async def all_published(kafka: Kafka) -> list[Published]:
    """What is published of each partition."""
    return [await published(kafka, n) for n in range(kafka.partitions)]


async def make_anew(kafka: Kafka, topic: str) -> None:
    """Delete a topic of memories, and create it again."""
    async with admin_of(kafka) as admin:
        await admin.delete_topics([topic])
        await eventually(admin.list_topics, lambda names: topic not in names)
    await kafka.create_topics({topic: kafka.partitions}, **COMPACTED)


async def test_a_topic_of_memories_that_is_made_anew_while_workers_run_is_filled_again(
    remembering: Kafka,
) -> None:
    kafka = remembering
    async with kafka.worker() as worker:
        await judge(kafka, ordinary(ENTITIES, ENTITIES), ENTITIES)
        await eventually(lambda: to_replay(kafka), lambda left: left == 0)
        before = await all_published(kafka)
        await make_anew(kafka, f"{kafka.name}-memory")
        # Most blocks have not changed since.
        await judge(kafka, ordinary(50, 50, first=ENTITIES), ENTITIES + 50)
        await eventually(lambda: to_replay(kafka), lambda left: left == 0)
        # The first manifest on the new topic may still name images of the old one.
        await eventually(
            lambda: all_published(kafka),
            lambda again: (
                [found.missing() for found in again] == [[]] * kafka.partitions
                and [len(f.images) for f in again] == [len(f.images) for f in before]
            ),
        )
        worker.process.kill()
    async with kafka.worker():
        await judge(kafka, ordinary(50, 50, first=ENTITIES + 50), ENTITIES + 100)
    verified = faust(kafka, "memory", "verify")
    assert verified.code == 0, verified.out + verified.err


async def test_beyond_the_end_of_a_log_there_is_nothing_to_wait_for(remembering: Kafka) -> None:
    kafka = remembering
    await kafka.create_topics({"short": 1})
    async with reader_of(kafka) as reader:
        reading = reader.read(TopicPartition("short", 0), 50, 60)
        assert [record async for found in reading for b in found for record in b.unpack()] == []


async def test_what_strangers_write_to_the_topic_of_memories_is_not_believed(
    remembering: Kafka,
) -> None:
    kafka = remembering
    async with kafka.worker() as worker:
        await judge(kafka, ordinary(ENTITIES, ENTITIES), ENTITIES)
        await eventually(lambda: to_replay(kafka), lambda left: left == 0)
        worker.process.kill()
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, max_request_size=LARGEST)
    async with producer:
        for key, value in GARBAGE:
            await producer.send_and_wait(f"{kafka.name}-memory", value, key, partition=0)
    async with kafka.worker():
        await judge(kafka, ordinary(50, 50, first=ENTITIES), ENTITIES + 50)
    verified = faust(kafka, "memory", "verify")
    assert verified.code == 0, verified.out + verified.err
