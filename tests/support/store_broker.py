"""Topics whose assignment, retention and end a test decides, for the store's follower."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError

from anomaly_app.store import following
from tests.support.stores import TOPICS, Message


class StoreBroker:
    """Three topics of one partition, and the one consumer that reads them."""

    def __init__(self) -> None:
        self.logs: dict[TopicPartition, list[Message]] = {
            TopicPartition(topic, 0): [] for topic in TOPICS
        }
        self.begins = dict.fromkeys(self.logs, 0)
        self.committed: dict[TopicPartition, int] = {}
        self.places: dict[TopicPartition, int] = {}
        self.assigned: set[TopicPartition] = set()
        self._listener: Any = None

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let followers read from here."""

        @asynccontextmanager
        async def open_consumer(_: object) -> AsyncIterator[None]:
            yield None

        async def watermarks(
            _: object, wanted: Sequence[TopicPartition]
        ) -> dict[TopicPartition, tuple[int, int]]:
            return {one: (self.begins[one], self.end(one)) for one in wanted}

        patch.setattr(following, "store_consumer", lambda _: self)
        patch.setattr(following, "open_consumer", open_consumer)
        patch.setattr(following, "watermarks", watermarks)

    def append(self, *messages: Message) -> None:
        """Write messages, which get their offsets here."""
        for message in messages:
            log = self.logs[TopicPartition(message.topic, 0)]
            timestamp = message.timestamp + len(log)
            log.append(replace(message, offset=len(log), timestamp=timestamp))

    def end(self, partition: TopicPartition) -> int:
        return len(self.logs[partition])

    def delete_before(self, topic: str, begin: int) -> None:
        self.begins[TopicPartition(topic, 0)] = begin

    def make_anew(self, topic: str) -> None:
        partition = TopicPartition(topic, 0)
        self.logs[partition], self.begins[partition] = [], 0

    def rebalance(self) -> None:
        """Take all partitions away, and give them back."""
        self._listener.on_partitions_revoked(self.assigned)
        self.places = {}
        self.assigned = set(self.logs)
        self._listener.on_partitions_assigned(self.assigned)

    def subscribe(self, topics: Sequence[str], listener: Any) -> None:
        assert topics == list(TOPICS)
        self._listener = listener

    async def start(self) -> None:
        self.rebalance()

    async def stop(self) -> None:
        self.assigned = set()

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.places[partition] = offset

    def highwater(self, partition: TopicPartition) -> int:
        return self.end(partition)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed |= offsets

    async def getmany(self, *, timeout_ms: int) -> dict[TopicPartition, list[Message]]:
        await asyncio.sleep(timeout_ms / 50_000)
        found = {}
        for partition in self.assigned:
            if partition not in self.places:
                raise NoOffsetForPartitionError(partition)
            place = self.places[partition]
            if not self.begins[partition] <= place <= self.end(partition):
                raise OffsetOutOfRangeError({partition: place})
            if records := self.logs[partition][place : place + 100]:
                found[partition] = records
                self.places[partition] = place + len(records)
        return found
