"""The broker in memory does what the app relies on in a real one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError

from anomaly_app.errors import BrokerError
from anomaly_app.kafka import open_consumer, open_producer, read_ranges, watermarks
from anomaly_app.settings import Settings
from tests.support.kafka_contract import Cluster, KafkaContract, LimitsContract
from tests.support.memory_kafka import MemoryBroker, MemoryLogReader, clients_of

NOBODY = "kafka://nobody:9092"


class MemoryCluster:
    """A broker that is in memory."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.broker = broker
        self.settings = Settings(_env_file=None, broker_wait=0.05)
        self.nobody = Settings(_env_file=None, broker=NOBODY)

    @asynccontextmanager
    async def open_log(self) -> AsyncIterator[MemoryLogReader]:
        yield MemoryLogReader(self.broker)

    async def create(self, topic: str, partitions: int, **configs: str) -> None:
        self.broker.create(topic, partitions, **configs)

    async def delete_before(self, partition: TopicPartition, offset: int) -> None:
        self.broker.delete_before(partition, offset)


@pytest.fixture
def broker() -> Iterator[MemoryBroker]:
    with clients_of(MemoryBroker()) as broker:
        yield broker


@pytest.fixture
def cluster(broker: MemoryBroker) -> Cluster:
    return MemoryCluster(broker)


class TestMemoryBroker(KafkaContract, LimitsContract):
    """The same tests as of real brokers."""


async def test_a_broker_that_goes_away_fails_sends_and_answers_no_reader(
    broker: MemoryBroker, cluster: Cluster
) -> None:
    broker.create("topic", 1)
    partition = TopicPartition("topic", 0)
    async with open_producer(cluster.settings) as writer, open_consumer(cluster.settings) as reader:
        await writer.send_and_wait("topic", b"value")
        broker.is_down = True
        with pytest.raises(KafkaConnectionError):
            await writer.send_and_wait("topic", b"value")
        with pytest.raises(KafkaConnectionError):
            await watermarks(reader, [partition])
        with pytest.raises(BrokerError, match="reading topic failed: no answer for 0 s"):
            async for _ in read_ranges(reader, {partition: (0, 1)}, answer_timeout=0.05):
                pass
        broker.is_down = False
        assert (await writer.send_and_wait("topic", b"value")).offset == 1


async def test_a_send_can_be_refused_once(broker: MemoryBroker, cluster: Cluster) -> None:
    broker.create("topic", 1)
    broker.refusals = [KafkaTimeoutError()]
    async with open_producer(cluster.settings) as writer:
        with pytest.raises(KafkaTimeoutError):
            await writer.send_and_wait("topic", b"lost")
        await writer.send_and_wait("topic", b"sent")
    assert broker.values("topic") == [b"sent"]
