"""What is published of the memories of partitions, as a loader finds it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import TopicPartition

from anomaly_app.core.memory.image import Image
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.kafka.changelog import edge_of
from anomaly_app.kafka.changelog.finding import LogReader, find_published, read_missing
from anomaly_app.kafka.changelog.published import Published
from anomaly_app.settings import Settings
from tests.support.kafka import Kafka


@asynccontextmanager
async def reader_of(kafka: Kafka) -> AsyncIterator[LogReader]:
    """Open what a worker restores with."""
    settings = Settings(_env_file=None, broker=kafka.broker, group=kafka.name)
    async with edge_of(settings).open_reader() as reader:
        yield reader


async def published(kafka: Kafka, partition: int, name: str = "entity") -> Published:
    """Find the manifest of a partition, and all images."""
    async with reader_of(kafka) as reader:
        found = await find_published(
            reader, TopicPartition(f"{kafka.name}-memory", partition), name
        )
        await read_missing(reader, found)
    return found


async def safe_offsets(kafka: Kafka) -> dict[int, int]:
    """Return the offset of each partition that a restore would begin its replay at."""
    manifests = {n: (await published(kafka, n)).manifest for n in range(kafka.partitions)}
    return {n: 0 if manifest is None else manifest.safe for n, manifest in manifests.items()}


async def to_replay(kafka: Kafka) -> int:
    """Return how many offsets a restore would replay now, in all partitions together."""
    safe, committed = await safe_offsets(kafka), await kafka.committed()
    return sum(offset - safe[partition] for partition, offset in committed.items())


async def from_images(kafka: Kafka, partition: int, plan: Plan) -> PartitionMemory:
    """Load the images of a partition, without any replay."""
    memory = PartitionMemory(plan)
    for found in (await published(kafka, partition, plan.key.name)).images.values():
        memory.load(Image.from_bytes(found.image.image))
    return memory
