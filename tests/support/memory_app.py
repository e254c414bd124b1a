"""A Faust app in memory: agents that read batches of the broker in memory, and views."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import faust
from aiokafka import TopicPartition
from faust.types import TP

from anomaly_app.agents.alerting import define_alerting
from anomaly_app.agents.scoring import define_scoring
from anomaly_app.agents.topics import Topics
from anomaly_app.context import WorkerContext
from anomaly_app.kafka.consumer import ConfirmingApp, PartitionRecords, PendingBatch, Record
from anomaly_app.web.views import define_views
from tests.support.memory_kafka import MemoryBroker, MemoryWriter

BATCH_SIZE = 50
"""Records of a partition in a batch at most."""


class MemoryGroup:
    """A consumer group with one member, which commits whatever is confirmed.

    Parameters
    ----------
    broker
        Has the group's offsets.
    name
        Of the group.
    topics
        All their partitions are the member's.
    """

    def __init__(self, broker: MemoryBroker, name: str, topics: list[str]) -> None:
        self._broker = broker
        self._name = name
        self._topics = topics
        self.finished = 0

    def assignment(self) -> set[TP]:
        return {TP(*p) for topic in self._topics for p in self._broker.partitions_of(topic)}

    def confirmed(self, tp: TP) -> int | None:
        return self._broker.committed.get((self._name, TopicPartition(*tp)))

    async def position(self, tp: TP) -> int:
        return self._broker.partition(TopicPartition(*tp)).begin

    def end_offset(self, tp: TP) -> int:
        return self._broker.partition(TopicPartition(*tp)).end

    highwater = end_offset

    def confirm(self, _: Any, last: PartitionRecords | Record) -> None:
        self._broker.commit(self._name, TopicPartition(last.topic, last.partition), last.end)

    def finish(self, _: Any) -> None:
        self.finished += 1


@dataclass
class MemoryApp:
    """What agents and views need of the app, on a broker in memory.

    Parameters
    ----------
    broker
        Has the topics of the settings.
    context
        Of the worker.
    """

    broker: MemoryBroker
    context: WorkerContext
    is_active: bool = True
    """False while Faust waits for the agents, before a rebalance or a stop."""
    rebalancing: bool = False
    in_recovery: bool = False
    consumer_generation_id: int = 1
    agents: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    pages: dict[str, Callable[[Any, Any], Awaitable[Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = self.context.settings
        topics = [
            *(settings.transactions_topic, settings.anomalies_topic, settings.feedback_topic),
            settings.alerts_topic_name,
        ]
        for topic in {*settings.topic_names, *topics}:
            self.broker.create(topic)
        self.group: MemoryGroup | None = MemoryGroup(self.broker, settings.group, topics)
        self.flow_control = SimpleNamespace(is_active=lambda: self.is_active)
        app = cast("ConfirmingApp", self)
        define_scoring(app, cast("Any", Topics(*cast("Any", topics))), self.context)
        define_alerting(app, cast("Any", Topics(*cast("Any", topics))), self.context)
        define_views(app, self.context)

    @property
    def consumer(self) -> MemoryGroup:
        if self.group is None:
            raise faust.exceptions.NotReady
        return self.group

    def agent(self, topic: str, name: str) -> Callable[[Any], Any]:
        def keep(function: Any) -> Any:
            self.agents[name] = partial(function, topic)
            return function

        return keep

    def page(self, path: str) -> Callable[[Any], Any]:
        def keep(view: Any) -> Any:
            self.pages[path] = view
            return view

        return keep

    async def maybe_start_producer(self) -> MemoryWriter:
        return MemoryWriter(self.broker)

    async def batches(self, topic: str) -> AsyncIterator[PendingBatch]:
        """Give what is not confirmed of a topic; a batch that nobody confirms is the last one."""
        while found := self._unconfirmed(topic):
            begins = dict(self.broker.committed)
            yield PendingBatch(found, cast("Any", None), self.consumer)
            if self.broker.committed == begins:
                return

    def _unconfirmed(self, topic: str) -> list[PartitionRecords]:
        found = []
        for partition in self.broker.partitions_of(topic):
            offset = self.consumer.confirmed(TP(*partition)) or 0
            if kept := self.broker.read(partition, offset)[:BATCH_SIZE]:
                records = [
                    Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value)
                    for r in kept
                ]
                end = kept[-1].offset + 1
                found.append(PartitionRecords(partition.topic, partition.partition, end, records))
        return found

    async def work(self, *agents: str) -> None:
        """Let agents work on all that there is, one after the other."""
        for name in agents or tuple(self.agents):
            await self.agents[name]()

    async def get(self, path: str) -> tuple[int, Any]:
        """Read a page: its status and its JSON."""
        view = SimpleNamespace(json=lambda body, *, status=200: (status, json.dumps(body)))
        status, text = await self.pages[path](view, None)
        return status, json.loads(text)
