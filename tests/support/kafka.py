"""One test's own topics, group and workers on the broker."""

import asyncio
import os
import secrets
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord

from anomaly_app.records import Anomaly
from harness.workers import Worker
from tests.support.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
"""Of the project."""

LARGEST = 12_000_000
"""Bytes of a test's largest message."""


@dataclass
class Kafka:
    """The app's surroundings in one test.

    Parameters
    ----------
    broker
        Its address, ``kafka://host:port``.
    folder
        For logs and data of the workers.
    model
        Folder of the model.
    """

    broker: str
    folder: Path
    model: Path
    name: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")
    partitions: int = 4
    settings: dict[str, str] = field(default_factory=dict)
    """What a test sets for all its workers."""
    source: str = ""
    """The transactions topic, if it is not one of its own."""
    app: str = "anomaly_app.app"
    """The module that its workers run."""

    @property
    def servers(self) -> str:
        return self.broker.removeprefix("kafka://")

    @property
    def transactions(self) -> str:
        return self.source or f"{self.name}-transactions"

    @property
    def anomalies(self) -> str:
        return f"{self.name}-anomalies"

    @property
    def dead_letters(self) -> str:
        return f"{self.name}-transactions-dlq"

    @property
    def feedback(self) -> str:
        return f"{self.name}-feedback"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "ANOMALY_BROKER": self.broker,
            "ANOMALY_BROKER_WAIT": "20",
            "ANOMALY_GROUP": self.name,
            "ANOMALY_TRANSACTIONS_TOPIC": self.transactions,
            "ANOMALY_ANOMALIES_TOPIC": self.anomalies,
            "ANOMALY_DEAD_LETTERS_TOPIC": self.dead_letters,
            "ANOMALY_FEEDBACK_TOPIC": self.feedback,
            "ANOMALY_PARTITIONS": str(self.partitions),
            "ANOMALY_MODEL": str(self.model),
            "ANOMALY_REBALANCE_TIMEOUT": "6",
            "ANOMALY_SESSION_TIMEOUT": "6",
            "ANOMALY_FETCH_WAIT": "0.05",
            "ANOMALY_STORE": "none",
            "SLACK_API_TOKEN": "",
            "SLACK_API_TOKEN_FILE": "",
            "SLACK_APP_TOKEN": "",
            "SLACK_SIGNING_SECRET": "",
            "SLACK_CHANNEL": "",
            **self.settings,
        }

    def start_worker(self, **environment: str) -> Worker:
        return Worker.start(self.folder, {**self.environment, **environment}, app=self.app)

    @asynccontextmanager
    async def worker(self, **environment: str) -> AsyncIterator[Worker]:
        worker = self.start_worker(**environment)
        try:
            await worker.wait_until_ready()
            yield worker
        finally:
            worker.stop()

    async def produce(
        self, values: Sequence[bytes | None], *, keys: Callable[[int], bytes | None] | None = None
    ) -> list[tuple[int, int]]:
        """Produce records and give their partitions and offsets."""
        producer = AIOKafkaProducer(bootstrap_servers=self.servers, max_request_size=LARGEST)
        await producer.start()
        try:
            key_of = keys or (lambda place: f"card-{place % 9}".encode())
            futures = [
                await producer.send(self.transactions, value, key=key_of(place))
                for place, value in enumerate(values)
            ]
            return [(m.partition, m.offset) for m in await asyncio.gather(*futures)]
        finally:
            await producer.stop()

    async def create_topics(self, partitions: Mapping[str, int], **configs: str) -> None:
        """Create topics, as somebody else would, before there is a worker."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            configs = {"max.message.bytes": str(LARGEST), **configs}
            await admin.create_topics(
                [NewTopic(name, n, 1, topic_configs=configs) for name, n in partitions.items()]
            )
            # The broker learns of them a moment after its controller.
            await eventually(admin.list_topics, lambda names: set(partitions) <= set(names))
        finally:
            await admin.close()

    async def produce_into_new_topics(self, values: Sequence[bytes | None]) -> None:
        """Create the app's topics and produce records, before there is a worker."""
        topics = (self.transactions, self.anomalies, self.dead_letters)
        await self.create_topics(dict.fromkeys(topics, self.partitions))
        await self.produce(values)

    async def read(self, topic: str, count: int, *, linger: float = 1.0) -> list[ConsumerRecord]:
        """Read a topic from its beginning: `count` records, and whatever comes `linger` later."""
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=self.servers,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST,
            fetch_max_wait_ms=50,
        )
        await consumer.start()
        found: list[ConsumerRecord] = []
        deadline = time.monotonic() + PATIENCE
        try:
            while len(found) < count and time.monotonic() < deadline:
                found += await _fetch(consumer, 0.5)
            found += await _fetch(consumer, linger)
        finally:
            await consumer.stop()
        return found

    async def read_all(self, topic: str) -> list[ConsumerRecord]:
        """Read a topic from its beginning to where it ends now."""
        return [record async for chunk in self.chunks(topic) for record in chunk]

    async def chunks(
        self, topic: str, partition: int | None = None
    ) -> AsyncIterator[list[ConsumerRecord]]:
        """Read a topic, or one partition, from its beginning to where it ends now."""
        consumer = AIOKafkaConsumer(
            *([topic] if partition is None else []),
            bootstrap_servers=self.servers,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            if partition is not None:
                consumer.assign([TopicPartition(topic, partition)])
            ends = await consumer.end_offsets(sorted(consumer.assignment()))
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                yield await _fetch(consumer, 0.5)
        finally:
            await consumer.stop()

    async def lag(self, topic: str = "") -> int:
        """How many messages of a topic, or transactions, the group has not committed."""
        committed = await self.committed(topic)
        return await self.messages(topic or self.transactions) - sum(committed.values())

    async def messages(self, topic: str) -> int:
        """How many messages a topic has had, in all partitions together."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.servers)
        await consumer.start()
        try:
            ends = await consumer.end_offsets(
                [TopicPartition(topic, p) for p in range(self.partitions)]
            )
        finally:
            await consumer.stop()
        return sum(ends.values())

    async def read_until(self, topic: str, part: bytes) -> list[ConsumerRecord]:
        """Read a topic from its beginning up to the message whose value has this part."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            messages = await self.read(topic, 0, linger=0.5)
            for place, message in enumerate(messages):
                if part in (message.value or b""):
                    return messages[: place + 1]
        raise AssertionError(f"nothing with {part!r} came to {topic}")

    async def read_anomalies(self, count: int) -> list[Anomaly]:
        return [Anomaly.loads(message.value) for message in await self.read(self.anomalies, count)]

    async def committed(self, topic: str = "") -> dict[int, int]:
        """Committed offsets of the worker's group in a topic, or in the transactions topic."""
        topic = topic or self.transactions
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            partitions = [TopicPartition(topic, p) for p in range(self.partitions)]
            offsets = await admin.list_consumer_group_offsets(self.name, partitions=partitions)
        finally:
            await admin.close()
        return {tp.partition: place.offset for tp, place in offsets.items() if place.offset >= 0}


@asynccontextmanager
async def admin_of(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an admin client on the broker of a test."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _fetch(consumer: AIOKafkaConsumer, seconds: float) -> list[ConsumerRecord]:
    fetched = await consumer.getmany(timeout_ms=int(seconds * 1000))
    return [message for messages in fetched.values() for message in messages]


async def stats_of(worker: Worker) -> dict[str, Any]:
    _, stats = await worker.get("/stats")
    return stats or {}


async def counts_of(worker: Worker) -> dict[str, int]:
    """Count what a worker has judged, found and alerted on."""
    stats = await stats_of(worker)
    alerts = sum(stats["alerts"].values())
    return {"events": stats["events"], "anomalies": stats["anomalies"], "alerts": alerts}


def run_to_its_end(
    command: Sequence[str], environment: dict[str, str], *, timeout: float = PATIENCE
) -> tuple[int, str]:
    """Run a command and give its exit code and all it said."""
    ended = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return ended.returncode, ended.stdout + ended.stderr
