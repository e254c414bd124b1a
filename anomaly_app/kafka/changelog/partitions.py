"""The memories of a worker's partitions: restored, handed to the judging code, published.

Everything here runs in the worker's event loop, and judging does, too: a memory is copied between
two batches, never within one. Only restores and compression run in a thread.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Set
from contextlib import AsyncExitStack
from typing import Any

from aiokafka.structs import TopicPartition

from anomaly_app.errors import BrokerError, MemoryRefused
from anomaly_app.kafka.changelog.contract import Memory, Remembered
from anomaly_app.kafka.changelog.edge import Edge
from anomaly_app.kafka.changelog.kept import Kept
from anomaly_app.kafka.changelog.kept_partitions import KeptPartitions
from anomaly_app.kafka.changelog.publishing import Publisher
from anomaly_app.kafka.changelog.refusals import recreated
from anomaly_app.kafka.changelog.restoring import Restorer
from anomaly_app.kafka.clients import CLIENT_ERRORS
from anomaly_app.kafka.consumer import Gap
from anomaly_app.kafka.exit import exit_without_commit
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

ROUNDS = 60
"""Rounds of publishing in the interval between two images of a block."""

SHORTEST_ROUND, LONGEST_ROUND = 0.05, 2.0
"""Seconds between two rounds."""

RETRY_INTERVAL = 2.0
"""Seconds after which it goes on when the broker has interrupted it."""


class MemoryOfPartitions:
    """The memories of the partitions of one worker.

    Nothing is remembered, and nothing is held back, until `remember` says of which topics. It is
    the listener of the consumer, which tells it what becomes of the partitions.

    Parameters
    ----------
    settings
        The names of the topic and the group, and how often and how long.
    edge
        The clients.
    """

    def __init__(self, settings: Settings, edge: Edge) -> None:
        self.topic = settings.memory_topic_name
        self.owner = ""
        """Address of this worker's web pages, for the manifests."""
        self._settings = settings
        self._edge = edge
        self._partitions = KeptPartitions(
            interval=settings.memory_interval,
            lease=settings.session_timeout / 2,
            stay=settings.memory_kept,
        )
        self._wake: Callable[[], None] = lambda: None
        self._restoring: asyncio.Task[None] | None = None
        self._clients = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._publisher: Publisher | None = None

    @property
    def remembered(self) -> Mapping[str, Remembered]:
        """What is remembered, by topic."""
        return self._partitions.remembered

    def remember(self, topic: str, remembered: Remembered) -> None:
        """Remember the records of a topic from now on, before the worker has any partition."""
        self._partitions.remembered[topic] = remembered

    def memory_of(self, topic: str, partition: int) -> Memory:
        """Return the memory of a partition: it holds what was judged, and nothing else.

        Raises
        ------
        LookupError
            It is not restored: its records must not be judged yet.
        """
        return self._partitions.memory_of(topic, partition)

    def live(self, topic: str) -> dict[int, Memory]:
        """Return the memories of a topic's partitions that are this worker's, and restored."""
        return self._partitions.live(topic)

    @property
    def held(self) -> Set[TopicPartition]:
        """The partitions of this worker that must not be judged yet."""
        return self._partitions.held

    @property
    def waits_for(self) -> str | None:
        """What is being restored, in one line; None if nothing is."""
        return self._partitions.waits_for

    def stats(self) -> dict[str, Any] | None:
        """Return what a worker's pages show; None if nothing is remembered."""
        if not self._partitions.remembered:
            return None
        publisher = self._publisher
        return {
            "waits_for": self.waits_for,
            "images_sent": publisher.images if publisher else 0,
            "bytes_sent": publisher.bytes if publisher else 0,
            "partitions": [kept.stats() for kept in self._partitions if kept.is_owned],
        }

    def on_revoked(self, partitions: Set[TopicPartition]) -> None:
        """Publish nothing more of these partitions, and keep their memories for a while."""
        self._partitions.revoke(partitions, self._edge.clock())

    def on_assigned(self, partitions: Set[TopicPartition], wake: Callable[[], None]) -> None:
        """Hold the partitions whose records are remembered."""
        self._wake = wake
        self._partitions.assign(partitions, self._edge.clock())

    def on_positioned(self, committed: Mapping[TopicPartition, int | None]) -> None:
        """Restore the memories of these partitions at their committed offsets."""
        self._partitions.position(committed, self._edge.clock())
        self._wake()
        if self.held and (self._restoring is None or self._restoring.done()):
            self._restoring = asyncio.ensure_future(self._restore_all())

    def on_committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Allow the images that the commit covers to be published."""
        self._partitions.commit(offsets)

    def on_gap(self, gap: Gap) -> None:
        """Hear that records do not exist that should be read next; any thread may call this."""
        topic, partition, expected, found = gap
        if topic in self._partitions.remembered and found < expected:
            refusal = recreated(committed=expected, end=found)
            self._edge.refuse(refusal.error(topic, partition))
        if kept := self._partitions.get(topic, partition):
            kept.has_gap = True

    async def run(self, should_stop: Callable[[], bool]) -> None:
        """Publish until the worker stops."""
        pause = min(max(self._settings.memory_interval / ROUNDS, SHORTEST_ROUND), LONGEST_ROUND)
        try:
            while not should_stop():
                await asyncio.sleep(pause)
                try:
                    await self.round()
                except (*CLIENT_ERRORS, BrokerError) as fault:
                    await _pause("published", fault)
        finally:
            await self.close()

    async def round(self) -> None:
        """Publish what is due, and drop what was given away long ago."""
        if self._partitions.look_at_clock(self._edge.clock()):
            self._wake()
        for kept in self._partitions:
            if kept.is_live and not kept.is_muted:
                (await self._publishing()).round(kept)

    async def settle(self) -> None:
        """Return when nothing is being restored or sent."""
        if self._restoring is not None:
            await self._restoring
        if self._publisher is not None:
            await self._publisher.settle()

    async def close(self) -> None:
        """Stop restoring, and close the clients."""
        if self._restoring is not None:
            self._restoring.cancel()
            await asyncio.wait([self._restoring])
        await self._clients.aclose()
        self._edge.executor.shutdown()

    async def _restore_all(self) -> None:
        while self._partitions.next_to_restore() is not None:
            try:
                async with self._edge.open_reader() as reader:
                    edge = self._edge
                    restorer = Restorer(reader, self.topic, edge.executor, edge.committed_of)
                    while kept := self._partitions.next_to_restore():
                        await self._restore(kept, restorer)
            except MemoryRefused as refusal:
                self._edge.refuse(refusal)
                return
            except (*CLIENT_ERRORS, BrokerError) as fault:
                await _pause("restored", fault)
            except Exception as fault:  # noqa: BLE001  # nothing may be judged without memory
                exit_without_commit("restoring memories", fault)

    async def _restore(self, kept: Kept, restorer: Restorer) -> None:
        began = self._edge.clock()
        if not await restorer.restore(kept):
            return
        if kept.manifest is None and kept.is_positioned:
            await (await self._publishing()).write_manifest(kept)
        if self._partitions.release_with_others(kept, self._edge.clock()):
            self._wake()
            logger.info("%s, in %.1f s", kept.restored, self._edge.clock() - began)

    async def _publishing(self) -> Publisher:
        async with self._opening:
            if self._publisher is None:
                writer = await self._clients.enter_async_context(self._edge.open_writer())
                interval = self._settings.memory_interval
                self._publisher = Publisher(
                    writer, self.topic, self._edge, interval=interval, owner=self.owner
                )
        return self._publisher


async def _pause(what: str, fault: BaseException) -> None:
    logger.warning("memories are %s later, since Kafka fails: %r", what, fault)
    await asyncio.sleep(RETRY_INTERVAL)
