"""What the app relies on in Kafka: the same tests for the broker in memory and for real ones."""

import secrets
import time
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.structs import ConsumerRecord

from anomaly_app.errors import BrokerUnreachable, TopicMissing
from anomaly_app.kafka import (
    Writer,
    describe_topics,
    open_admin,
    open_consumer,
    open_producer,
    read_ranges,
    watermarks,
)
from anomaly_app.kafka.changelog.finding import LogReader
from anomaly_app.kafka.consumer import open_batch_reader
from anomaly_app.settings import Settings
from harness.processes import free_port
from tests.support.waiting import eventually

PARTITIONS = 3

KEY = b"card-1"


class Cluster(Protocol):
    """A broker, and what tests do to it from outside."""

    settings: Settings
    nobody: Settings
    """Settings with an address at which nobody answers."""

    def open_log(self) -> AbstractAsyncContextManager[LogReader]:
        """Open a reader of batches."""

    async def create(self, topic: str, partitions: int, **configs: str) -> None:
        """Create a topic, and return when it can be written to."""

    async def delete_before(self, partition: TopicPartition, offset: int) -> None:
        """Do what retention does."""


class RealCluster:
    """A broker that the tests have started."""

    def __init__(self, address: str) -> None:
        self.settings = Settings(_env_file=None, broker=address, broker_wait=5)
        self.nobody = Settings(_env_file=None, broker=f"kafka://127.0.0.1:{free_port()}")

    def open_log(self) -> AbstractAsyncContextManager[LogReader]:
        return open_batch_reader(self.settings)

    async def create(self, topic: str, partitions: int, **configs: str) -> None:
        async with open_admin(self.settings) as admin:
            new = NewTopic(topic, partitions, 1, topic_configs=configs)
            await admin.create_topics([new])
            await eventually(admin.list_topics, lambda names: topic in names)

    async def delete_before(self, partition: TopicPartition, offset: int) -> None:
        async with open_admin(self.settings) as admin:
            await admin.delete_records({partition: RecordsToDelete(offset)})


async def read_topic(cluster: Cluster, topic: str) -> list[ConsumerRecord]:
    """Read a topic as `dlq` and training do: each partition from its beginning to its end."""
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    async with open_consumer(cluster.settings) as reader:
        ranges = await watermarks(reader, partitions)
        reading = read_ranges(reader, ranges, answer_timeout=30)
        return [record async for fetched in reading for record in fetched.records]


class KafkaContract:
    """To be inherited by a class whose module has a fixture `cluster`."""

    @pytest.fixture
    async def topic(self, cluster: Cluster) -> str:
        name = f"contract-{secrets.token_hex(4)}"
        await cluster.create(name, PARTITIONS)
        return name

    async def test_a_record_is_read_as_it_was_sent(self, cluster: Cluster, topic: str) -> None:
        headers = [("error", b"not-json"), ("again", b""), ("again", b"\xff")]
        async with open_producer(cluster.settings) as writer:
            sent = await writer.send_and_wait(
                topic, b"\x00value", key=KEY, partition=2, timestamp_ms=1234, headers=headers
            )
        [found] = await read_topic(cluster, topic)
        assert (found.topic, found.partition, found.offset) == (topic, 2, 0)
        assert (sent.topic, sent.partition, sent.offset) == (topic, 2, 0)
        assert (found.key, found.value, list(found.headers)) == (KEY, b"\x00value", headers)
        assert found.timestamp == 1234

    async def test_what_has_no_value_or_an_empty_one_is_a_record(
        self, cluster: Cluster, topic: str
    ) -> None:
        async with open_producer(cluster.settings) as writer:
            await writer.send_and_wait(topic, None, key=KEY, partition=0)
            await writer.send_and_wait(topic, b"", key=None, partition=0)
        found = await read_topic(cluster, topic)
        assert [(record.key, record.value) for record in found] == [(KEY, None), (None, b"")]

    async def test_without_a_timestamp_it_is_the_time_of_sending(
        self, cluster: Cluster, topic: str
    ) -> None:
        before = time.time() - 1
        async with open_producer(cluster.settings) as writer:
            await writer.send_and_wait(topic, b"value")
        [found] = await read_topic(cluster, topic)
        assert before <= found.timestamp / 1000 <= time.time() + 1

    async def test_a_key_has_its_partition_and_its_records_their_order(
        self, cluster: Cluster, topic: str
    ) -> None:
        async with open_producer(cluster.settings) as writer:
            sent = [await writer.send_and_wait(topic, b"%d" % n, key=KEY) for n in range(5)]
            for number in range(20):
                await writer.send_and_wait(topic, b"", key=b"other-%d" % number)
        assert len({record.partition for record in sent}) == 1
        found = await read_topic(cluster, topic)
        numbers = [int(record.value) for record in found if record.key == KEY]
        assert numbers == [0, 1, 2, 3, 4]
        assert len({record.partition for record in found}) == PARTITIONS

    async def test_reading_begins_and_ends_where_it_is_asked_to(
        self, cluster: Cluster, topic: str
    ) -> None:
        partition = TopicPartition(topic, 1)
        async with open_producer(cluster.settings) as writer:
            for number in range(10):
                await writer.send_and_wait(topic, b"%d" % number, partition=1)
        async with open_consumer(cluster.settings) as reader:
            assert await watermarks(reader, [partition]) == {partition: (0, 10)}
            ranges = {TopicPartition(topic, 0): (0, 0), partition: (3, 7)}
            fetched = [f async for f in read_ranges(reader, ranges, answer_timeout=30)]
        assert [r.offset for f in fetched for r in f.records] == [3, 4, 5, 6]
        assert fetched[-1].done == 4

    async def test_more_than_one_answer_holds_is_read_to_the_end(
        self, cluster: Cluster, topic: str
    ) -> None:
        async with open_producer(cluster.settings) as writer:
            await fill(writer, topic, 450)
        found = await read_topic(cluster, topic)
        assert sorted(int(record.value) for record in found) == list(range(450))

    async def test_batches_are_read_from_an_offset_to_the_end_and_say_where_they_end(
        self, cluster: Cluster, topic: str
    ) -> None:
        partition = TopicPartition(topic, 1)
        async with open_producer(cluster.settings) as writer:
            for number in range(10):
                await writer.send_and_wait(topic, b"%d" % number, KEY, partition=1)
        async with cluster.open_log() as reader:
            assert await reader.partitions(topic) == PARTITIONS
            begin, end = await reader.bounds(partition)
            assert begin == 0 < end <= 10
            found = [b async for batches in reader.read_to_end(partition, 4) for b in batches]
            assert [r.value for b in found for r in b.unpack()] == [b"%d" % n for n in range(4, 10)]
            assert (found[0].first, found[-1].end) == (4, 10)
            found = [b async for batches in reader.read(partition, 2, 3) for b in batches]
            assert (found[0].first, found[0].unpack()[0].offset) == (2, 2)
            nothing = TopicPartition(topic, 0)
            assert [b async for b in reader.read_to_end(nothing, 0) if b] == []

    async def test_topics_are_described_and_a_missing_one_is_named(
        self, cluster: Cluster, topic: str
    ) -> None:
        async with open_admin(cluster.settings) as admin:
            found = await describe_topics(admin, cluster.settings, topic)
            assert found == {topic: [0, 1, 2]}
            with pytest.raises(TopicMissing, match="topic nowhere does not exist at kafka://"):
                await describe_topics(admin, cluster.settings, topic, "nowhere")

    async def test_where_nobody_answers_all_clients_say_so(self, cluster: Cluster) -> None:
        for opened in (open_admin, open_consumer, open_producer):
            with pytest.raises(BrokerUnreachable, match="kafka://"):
                async with opened(cluster.nobody):
                    pass


class LimitsContract:
    """What Apache Kafka does, and the embedded broker does not."""

    async def test_a_message_that_is_too_large_for_its_topic_is_refused(
        self, cluster: Cluster
    ) -> None:
        topic = f"contract-{secrets.token_hex(4)}"
        await cluster.create(topic, PARTITIONS, **{"max.message.bytes": "1000"})
        async with open_producer(cluster.settings) as writer:
            with pytest.raises(MessageSizeTooLargeError):
                await writer.send_and_wait(topic, b"x" * 2_000, partition=0)
            await writer.send_and_wait(topic, b"x" * 500, partition=0)
        assert [len(record.value) for record in await read_topic(cluster, topic)] == [500]

    async def test_what_retention_has_deleted_is_passed_over(self, cluster: Cluster) -> None:
        topic = f"contract-{secrets.token_hex(4)}"
        await cluster.create(topic, PARTITIONS)
        partition = TopicPartition(topic, 0)
        async with open_producer(cluster.settings) as writer:
            for number in range(10):
                await writer.send_and_wait(topic, b"%d" % number, partition=0)
        await cluster.delete_before(partition, 4)
        async with open_consumer(cluster.settings) as reader:
            assert await watermarks(reader, [partition]) == {partition: (4, 10)}
            reading = read_ranges(reader, {partition: (0, 10)}, answer_timeout=30)
            offsets = [record.offset async for f in reading for record in f.records]
        assert offsets == [4, 5, 6, 7, 8, 9]
        async with cluster.open_log() as log:
            read = [batch async for batches in log.read(partition, 0, 10) for batch in batches]
            assert (read[0].first, read[-1].end) == (4, 10)
            await cluster.delete_before(partition, 10)
            read = [batch async for batches in log.read(partition, 4, 10) for batch in batches]
            assert [(batch.first, batch.end, batch.unpack()) for batch in read] == [(10, 10, [])]


async def fill(writer: Writer, topic: str, count: int) -> None:
    """Send that many numbers, to partitions by turns."""
    for number in range(count):
        await writer.send_and_wait(topic, b"%d" % number, partition=number % PARTITIONS)
