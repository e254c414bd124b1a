"""A broker in memory, and clients of it: what the app needs of Kafka, without a process or a port.

It passes the contract of `tests.support.kafka_contract`, as the real brokers do.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions, NewTopic, RecordsToDelete
from aiokafka.errors import (
    KafkaConnectionError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata, RecordMetadata

from anomaly_app.errors import BrokerUnreachable
from anomaly_app.kafka import clients
from anomaly_app.kafka.consumer import Record, batch_reader
from anomaly_app.settings import Settings

MAX_MESSAGE_BYTES = 1_048_588
"""Kafka's own limit of a topic that has no other."""

FETCHED_AT_ONCE = 100
"""Records of a partition in an answer, so that readers have to ask again."""

Header = tuple[str, bytes]


@dataclass
class MemoryPartition:
    """Records that are kept, and where they begin."""

    records: list[ConsumerRecord] = field(default_factory=list)
    end: int = 0

    @property
    def begin(self) -> int:
        return self.records[0].offset if self.records else self.end


@dataclass
class MemoryTopic:
    partitions: list[MemoryPartition]
    max_message_bytes: int = MAX_MESSAGE_BYTES


@dataclass
class MemoryBroker:
    """Topics and the offsets of groups.

    Parameters
    ----------
    clock
        Seconds since the epoch: of records that come without a timestamp.
    address
        Clients of another one find nobody.
    """

    clock: Callable[[], float] = time.time
    address: str = "kafka://127.0.0.1:9092"
    topics: dict[str, MemoryTopic] = field(default_factory=dict)
    committed: dict[tuple[str, TopicPartition], int] = field(default_factory=dict)
    history: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Appends and commits in their order: what, topic, partition, offset."""
    members: dict[str, int] = field(default_factory=dict)
    """How many members each group has."""
    is_down: bool = False
    refusals: list[Exception] = field(default_factory=list)
    """What the next appends raise, before one succeeds."""

    def create(self, name: str, partitions: int = 4, **configs: str) -> None:
        self.check()
        if name in self.topics:
            raise TopicAlreadyExistsError(f"topic {name} exists")
        limit = int(configs.get("max.message.bytes", MAX_MESSAGE_BYTES))
        self.topics[name] = MemoryTopic([MemoryPartition() for _ in range(partitions)], limit)

    def append(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[Header] = (),
    ) -> RecordMetadata:
        self.check()
        if self.refusals:
            raise self.refusals.pop(0)
        found = self.topic(topic)
        if len(key or b"") + len(value or b"") > found.max_message_bytes:
            raise MessageSizeTooLargeError(f"topic {topic}")
        if partition is None:
            numbers = list(range(len(found.partitions)))
            partition = int(DefaultPartitioner()(key, numbers, numbers))
        timestamp = int(self.clock() * 1000) if timestamp_ms is None else timestamp_ms
        log = found.partitions[partition]
        sizes = (-1 if key is None else len(key), -1 if value is None else len(value))
        log.records.append(
            ConsumerRecord(
                *(topic, partition, log.end, timestamp, 0, key, value, None, *sizes),
                headers=tuple(headers),
            )
        )
        log.end += 1
        self.history.append(("append", topic, partition, log.end - 1))
        where = TopicPartition(topic, partition)
        return RecordMetadata(topic, partition, where, log.end - 1, timestamp, 0, log.begin)

    def commit(self, group: str, partition: TopicPartition, offset: int) -> None:
        self.check()
        self.committed[group, partition] = offset
        self.history.append(("commit", *partition, offset))

    def delete_before(self, partition: TopicPartition, offset: int) -> int:
        """Do what retention does; give the offset of the first record that is left."""
        log = self.partition(partition)
        log.records = [record for record in log.records if record.offset >= offset]
        return log.begin

    def read(self, partition: TopicPartition, offset: int) -> list[ConsumerRecord]:
        self.check()
        log = self.partition(partition)
        first = bisect_left(log.records, offset, key=attrgetter("offset"))
        return log.records[first : first + FETCHED_AT_ONCE]

    def compact(self, topic: str, young: Mapping[int, int] | None = None) -> None:
        """Do what compaction does: keep the last record of each key.

        Records are not looked at that are younger than the topic's lag: by partition, from an
        offset on.
        """
        for number, log in enumerate(self.topic(topic).partitions):
            end = (young or {}).get(number, log.end)
            last = {record.key: record.offset for record in log.records if record.offset < end}
            log.records = [r for r in log.records if r.offset >= end or r.offset == last[r.key]]

    def values(self, topic: str) -> list[bytes | None]:
        """All values of a topic, partition by partition."""
        return [record.value for record in self.records(topic)]

    def records(self, topic: str) -> list[ConsumerRecord]:
        return [record for log in self.topic(topic).partitions for record in log.records]

    def partitions_of(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, n) for n in range(len(self.topic(topic).partitions))]

    def partition(self, partition: TopicPartition) -> MemoryPartition:
        found: MemoryPartition = self.topic(partition.topic).partitions[partition.partition]
        return found

    def topic(self, name: str) -> MemoryTopic:
        if name not in self.topics:
            raise UnknownTopicOrPartitionError(name)
        return self.topics[name]

    def check(self) -> None:
        """Refuse what needs the broker while it is away."""
        if self.is_down:
            raise KafkaConnectionError("the broker in memory is down")


class _Client:
    def __init__(
        self, broker: MemoryBroker, bootstrap_servers: Sequence[str] = (), **_: Any
    ) -> None:
        self._broker = broker
        self._reachable = not {*bootstrap_servers} - {broker.address.removeprefix("kafka://")}

    async def start(self) -> None:
        if not self._reachable:
            raise KafkaConnectionError("nobody is there")
        self._broker.check()

    async def stop(self) -> None:
        """Leave the broker; there is no connection to close."""

    close = stop


class MemoryReader(_Client):
    """In place of aiokafka's consumer; where its records are gone, it begins at the first."""

    _positions: dict[TopicPartition, int]

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._positions[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self._positions[partition]

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0
    ) -> Mapping[TopicPartition, Sequence[ConsumerRecord]]:
        await asyncio.sleep(0)
        if self._broker.is_down:  # aiokafka asks again in the background, and gives nothing
            return {}
        fetched = {}
        for partition in partitions or tuple(self._positions):
            if records := self._broker.read(partition, self._positions[partition]):
                fetched[partition] = records
                self._positions[partition] = records[-1].offset + 1
        return fetched

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        self._broker.check()
        return {partition: self._broker.partition(partition).begin for partition in partitions}

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        self._broker.check()
        return {partition: self._broker.partition(partition).end for partition in partitions}


class PackedRecords(NamedTuple):
    """Records of a broker in memory, as a reader of batches gives them."""

    first: int
    end: int
    records: list[ConsumerRecord]

    def unpack(self) -> list[Record]:
        return [
            Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value)
            for r in self.records
        ]


class MemoryLogReader:
    """In place of `BatchReader`."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    async def partitions(self, topic: str) -> int:
        return len(self._broker.topic(topic).partitions)

    async def bounds(self, partition: TopicPartition) -> tuple[int, int]:
        self._broker.check()
        log = self._broker.partition(partition)
        return log.begin, log.end

    async def read(
        self, partition: TopicPartition, start: int, end: int
    ) -> AsyncGenerator[list[PackedRecords], None]:
        position = start
        while position < end and start <= self._broker.partition(partition).end:
            records = self._broker.read(partition, position)
            # Compaction leaves gaps; retention moves the beginning.
            first = max(position, self._broker.partition(partition).begin)
            position = records[-1].offset + 1 if records else first
            yield [PackedRecords(first, position, records)]

    async def read_to_end(
        self, partition: TopicPartition, start: int
    ) -> AsyncGenerator[list[PackedRecords], None]:
        async for batches in self.read(partition, start, self._broker.partition(partition).end):
            yield batches


class MemoryWriter(_Client):
    """In place of aiokafka's producer, and of Faust's."""

    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[Header] | None = None,
    ) -> RecordMetadata:
        await asyncio.sleep(0)
        return self._broker.append(topic, value, key, partition, timestamp_ms, headers or ())

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Mapping[str, bytes] | None,
    ) -> "asyncio.Future[RecordMetadata]":
        """Send as Faust's producer does: the acknowledgement is awaited later."""
        pairs = list((headers or {}).items())
        return asyncio.ensure_future(self.send_and_wait(topic, value, key, partition, None, pairs))


class MemoryAdmin(_Client):
    """In place of aiokafka's admin client."""

    async def describe_topics(self) -> list[dict[str, Any]]:
        self._broker.check()
        return [
            {
                "topic": name,
                "is_internal": False,
                "partitions": [{"partition": n} for n in range(len(topic.partitions))],
            }
            for name, topic in self._broker.topics.items()
        ]

    async def create_topics(self, topics: Sequence[NewTopic]) -> None:
        for topic in topics:
            self._broker.create(topic.name, topic.num_partitions, **topic.topic_configs)

    async def delete_records(
        self, before: Mapping[TopicPartition, RecordsToDelete]
    ) -> dict[TopicPartition, int]:
        self._broker.check()
        return {p: self._broker.delete_before(p, to.before_offset) for p, to in before.items()}

    async def create_partitions(self, counts: Mapping[str, NewPartitions]) -> None:
        for name, new in counts.items():
            partitions = self._broker.topic(name).partitions
            partitions += [MemoryPartition() for _ in range(new.total_count - len(partitions))]

    async def describe_consumer_groups(self, groups: Sequence[str]) -> list[SimpleNamespace]:
        members = [["member"] * self._broker.members.get(group, 0) for group in groups]
        return [SimpleNamespace(groups=[(0, "", "", "", "", found)]) for found in members]

    async def list_consumer_group_offsets(
        self, group: str, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        self._broker.check()
        committed = {p: self._broker.committed.get((group, p), -1) for p in partitions}
        return {p: OffsetAndMetadata(offset, "") for p, offset in committed.items()}


@contextmanager
def clients_of(broker: MemoryBroker) -> Iterator[MemoryBroker]:
    """Let the app open clients of a broker in memory within the block."""

    async def connect(settings: Settings, *, wait: float) -> MemoryAdmin:
        if broker.is_down or settings.broker != broker.address:
            raise BrokerUnreachable(f"no broker answers at {settings.broker} (ANOMALY_BROKER)")
        return MemoryAdmin(broker)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients, "AIOKafkaConsumer", partial(MemoryReader, broker))
        patch.setattr(clients, "AIOKafkaProducer", partial(MemoryWriter, broker))
        patch.setattr(clients, "connect", connect)
        patch.setattr(batch_reader, "BatchReader", lambda *_: MemoryLogReader(broker))
        yield broker
