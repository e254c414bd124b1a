"""Workers that remember, on a broker in memory and on a clock that a test turns."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord, RecordMetadata

from anomaly_app.errors import AnomalyAppError
from anomaly_app.kafka.changelog import Edge, MemoryOfPartitions, Remembered
from anomaly_app.kafka.consumer import Gap
from anomaly_app.settings import Settings
from tests.support.memory_kafka import (
    MemoryBroker,
    MemoryLogReader,
    MemoryWriter,
    PackedRecords,
)
from tests.support.sums import SumMemory, events_of, sums

TOPIC = "transactions"
GROUP = "anomaly-app"
INTERVAL = 60.0


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Cluster:
    """A broker, and what its workers have judged."""

    broker: MemoryBroker = field(default_factory=MemoryBroker)
    clock: Clock = field(default_factory=Clock)
    partitions: int = 2
    settings: Settings = field(
        default_factory=lambda: Settings(_env_file=None, memory_interval=INTERVAL)
    )
    judged: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    """For each partition and offset, what the workers that judged it have remembered."""
    produced: dict[int, list[ConsumerRecord]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.broker.create(TOPIC, self.partitions)
        self.broker.create(self.memory_topic, self.partitions)

    @property
    def memory_topic(self) -> str:
        return self.settings.memory_topic_name

    def produce(self, entity: int, value: int = 1, *, partition: int = 0) -> None:
        self.broker.append(TOPIC, str(value).encode(), str(entity).encode(), partition)
        log = self.broker.partition(TopicPartition(TOPIC, partition))
        self.produced.setdefault(partition, []).append(log.records[-1])

    def produce_many(self, count: int, *, entities: int = 10, partition: int = 0) -> None:
        for n in range(count):
            self.produce(n % entities, n, partition=partition)

    def delete_before(self, offset: int, *, partition: int = 0) -> None:
        """Do what retention does."""
        self.broker.delete_before(TopicPartition(TOPIC, partition), offset)

    def committed(self, partition: int) -> int | None:
        return self.broker.committed.get((GROUP, TopicPartition(TOPIC, partition)))

    def replayed(self, partition: int, end: int) -> tuple[SumMemory, list[int]]:
        """Replay all that was ever produced: what there should be in the memory."""
        memory = SumMemory()
        records = self.produced.get(partition, [])[:end]
        return memory, memory.observe(events_of(PackedRecords(0, end, records).unpack()))

    def check(self) -> None:
        """Assert that whatever was judged was judged with exactly what came before it."""
        for partition in range(self.partitions):
            _, right = self.replayed(partition, len(self.produced.get(partition, [])))
            for offset, expected in enumerate(right):
                for found in self.judged.get((partition, offset), []):
                    assert found == expected, f"partition {partition} offset {offset}"


class HereAndNow(Executor):
    """In place of a thread, so that a test runs the same each time."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as fault:  # noqa: BLE001  # as an executor does
            future.set_exception(fault)
        return future


class GatedWriter(MemoryWriter):
    """A producer whose messages are on their way until a gate is open."""

    def __init__(self, broker: MemoryBroker, gate: asyncio.Event) -> None:
        super().__init__(broker)
        self._gate = gate

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> RecordMetadata:
        await self._gate.wait()
        return await super().send_and_wait(*args, **kwargs)


class Worker:
    """A worker that judges by what it remembers.

    Parameters
    ----------
    cluster
        Where it works.
    spec
        Hash of its model's feature spec.
    remembered
        What it remembers; sums by default.
    """

    def __init__(
        self, cluster: Cluster, spec: str = "sums-1", remembered: Remembered | None = None
    ) -> None:
        self.cluster = cluster
        self.remembered = remembered or sums(spec)
        self.refusals: list[str] = []
        self.positions: dict[int, int] = {}
        self.done: dict[int, int] = {}
        self.woken = 0

        @asynccontextmanager
        async def reader() -> AsyncIterator[MemoryLogReader]:
            cluster.broker.check()
            yield MemoryLogReader(cluster.broker)

        self.gate = asyncio.Event()
        """While it is not set, nothing that is sent arrives."""
        self.gate.set()

        @asynccontextmanager
        async def writer() -> AsyncIterator[Any]:
            cluster.broker.check()
            yield GatedWriter(cluster.broker, self.gate)

        def refuse(error: AnomalyAppError) -> None:
            self.refusals.append(str(error))

        async def committed_of(source: TopicPartition) -> int | None:
            return cluster.committed(source.partition)

        edge = Edge(reader, writer, committed_of, refuse, cluster.clock, HereAndNow())
        self.memories = MemoryOfPartitions(cluster.settings, edge)
        self.memories.remember(TOPIC, self.remembered)

    @classmethod
    async def start(cls, cluster: Cluster, *partitions: int, spec: str = "sums-1") -> Self:
        worker = cls(cluster, spec)
        await worker.assign(*partitions)
        return worker

    def revoke(self) -> None:
        """Give all partitions away, after what is done is committed."""
        self.memories.on_revoked({TopicPartition(TOPIC, p) for p in self.positions})
        self.positions, self.done = {}, {}

    async def assign(self, *partitions: int, settle: bool = True) -> None:
        """Get partitions, and restore their memories."""
        tps = {TopicPartition(TOPIC, p) for p in partitions}
        self.memories.on_assigned(tps, wake=self._wake)
        committed = {tp: self.cluster.committed(tp.partition) for tp in tps}
        self.memories.on_positioned(committed)
        log = self.cluster.broker.partition
        self.positions = {
            tp.partition: log(tp).begin if offset is None else offset
            for tp, offset in committed.items()
        }
        self.done = {}
        if settle:
            await self.memories.settle()

    def _wake(self) -> None:
        self.woken += 1

    def judge(self, partition: int, count: int) -> int:
        """Judge up to some records of a partition, unless it is held."""
        tp = TopicPartition(TOPIC, partition)
        if partition not in self.positions or tp in self.memories.held:
            return 0
        found = self.cluster.broker.read(tp, self.positions[partition])[:count]
        if not found:
            return 0
        if self.positions[partition] < self.cluster.broker.partition(tp).begin:
            begin = self.cluster.broker.partition(tp).begin
            self.memories.on_gap(Gap(TOPIC, partition, self.positions[partition], begin))
            return 0
        records = PackedRecords(0, 0, found).unpack()
        memory: Any = self.memories.memory_of(*tp)
        if isinstance(memory, SumMemory):
            events = events_of(records)
            for event, before in zip(events, memory.observe(events), strict=True):
                self.cluster.judged.setdefault((partition, event.offset), []).append(before)
        else:
            self.remembered.replay(memory, records)
        self.positions[partition] = self.done[partition] = records[-1].end
        return len(records)

    def commit(self, *, is_acknowledged: bool = True) -> None:
        """Commit what is done."""
        offsets = {TopicPartition(TOPIC, p): end for p, end in self.done.items()}
        if is_acknowledged and offsets:
            for tp, offset in offsets.items():
                self.cluster.broker.commit(GROUP, tp, offset)
            self.memories.on_committed(offsets)
        self.done = {}

    async def publish(self, seconds: float = 1.0) -> None:
        """Let time pass, and publish what is due."""
        self.cluster.clock.now += seconds
        await self.memories.round()
        await self.memories.settle()

    async def begin_to_publish(self, seconds: float) -> None:
        """Let time pass, and send what is due, which arrives when the gate is opened."""
        self.gate.clear()
        self.cluster.clock.now += seconds
        await self.memories.round()
        for _ in range(5):
            await asyncio.sleep(0)

    async def publish_for(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            await self.publish()

    async def judge_all(self, *partitions: int) -> None:
        """Judge and commit all that there is."""
        for partition in partitions or (*self.positions,):
            while self.judge(partition, 50):
                self.commit()

    def digest(self, partition: int) -> Any:
        memory: Any = self.memories.memory_of(TOPIC, partition)
        return memory.blocks
