"""The memories of a worker's partitions: restored, handed to the judging code, published.

Everything here runs in the worker's event loop, and judging does, too: a memory is copied between
two batches, never within one. Only restores and compression run in a thread.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field

from aiokafka.structs import TopicPartition

from anomaly_app.errors import AnomalyAppError, BrokerError, MemoryRefused
from anomaly_app.kafka.changelog.contract import Memory, Remembered
from anomaly_app.kafka.changelog.kept import Kept
from anomaly_app.kafka.changelog.publication import Publication
from anomaly_app.kafka.changelog.published import LogReader
from anomaly_app.kafka.changelog.publishing import Publisher
from anomaly_app.kafka.changelog.restoring import Restorer
from anomaly_app.kafka.clients import CLIENT_ERRORS
from anomaly_app.kafka.exit import exit_refusing, exit_without_commit
from anomaly_app.kafka.interface import Writer
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

ROUNDS = 60
"""Rounds of publishing in the interval between two images of a block."""

SHORTEST_ROUND, LONGEST_ROUND = 0.05, 2.0
"""Seconds between two rounds."""

RETRY_INTERVAL = 2.0
"""Seconds after which a restore goes on that the broker has interrupted."""


@dataclass(frozen=True)
class Edge:
    """What the memories need of Kafka and of the process; tests have others.

    Parameters
    ----------
    open_reader, open_writer
        Open the clients.
    refuse
        Called with the line that ends the process.
    clock
        Seconds, which never go back and go on while the process is frozen.
    executor
        Runs what would block the event loop.
    """

    open_reader: Callable[[], AbstractAsyncContextManager[LogReader]]
    open_writer: Callable[[], AbstractAsyncContextManager[Writer]]
    refuse: Callable[[AnomalyAppError], object] = exit_refusing
    clock: Callable[[], float] = time.monotonic
    executor: Executor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="memory")
    )


class MemoryOfPartitions:
    """The memories of the partitions of one worker.

    Nothing is remembered, and nothing is held back, until `remember` says of which topics.

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
        self._remembered: dict[str, Remembered] = {}
        self._kept: dict[TopicPartition, Kept] = {}
        self._wake: Callable[[], None] = lambda: None
        self._restoring: asyncio.Task[None] | None = None
        self._clients = AsyncExitStack()
        self._publisher: Publisher | None = None
        self._opening = asyncio.Lock()
        self._last_round = edge.clock()

    def remember(self, topic: str, remembered: Remembered) -> None:
        """Remember the records of a topic from now on, before the worker has any partition."""
        self._remembered[topic] = remembered

    def memory_of(self, topic: str, partition: int) -> Memory:
        """Return the memory of a partition: it holds what was judged, and nothing else.

        Raises
        ------
        LookupError
            It is not restored: its records must not be judged yet.
        """
        kept = self._kept.get(TopicPartition(topic, partition))
        if kept is None or not kept.is_live or kept.memory is None:
            raise LookupError(f"the memory of {topic} partition {partition} is not restored")
        return kept.memory

    @property
    def held(self) -> Set[TopicPartition]:
        """The partitions of this worker whose memory is not restored yet."""
        return {source for source, kept in self._kept.items() if kept.is_owned and not kept.is_live}

    def on_revoked(self, partitions: Set[TopicPartition]) -> None:
        """Publish nothing more of these partitions, and keep their memories for a while."""
        for source in partitions & self._kept.keys():
            kept = self._kept[source]
            kept.is_owned = kept.is_live = kept.is_positioned = False
            kept.assignments += 1
            kept.publication.drop()
            if kept.given_away_at is None:
                kept.given_away_at = self._edge.clock()

    def on_assigned(self, partitions: Set[TopicPartition], wake: Callable[[], None]) -> None:
        """Hold the partitions whose records are remembered."""
        self._wake = wake
        self.on_revoked(self._kept.keys())
        for source in partitions:
            if source.topic in self._remembered:
                plain = TopicPartition(*source)
                self._kept.setdefault(plain, self._new(plain)).is_owned = True
        for kept in self._kept.values():
            kept.is_wanted = kept.is_owned

    def on_positioned(self, committed: Mapping[TopicPartition, int | None]) -> None:
        """Restore the memories of these partitions at their committed offsets."""
        for source, offset in committed.items():
            kept = self._kept.get(source)
            if kept is not None and kept.is_owned:
                self._position(kept, offset)
        if self.held and (self._restoring is None or self._restoring.done()):
            self._restoring = asyncio.ensure_future(self._restore_all())

    def _position(self, kept: Kept, offset: int | None) -> None:
        target = 0 if offset is None else offset
        is_ahead = kept.memory is not None and kept.position > target
        if is_ahead or kept.has_gap:
            # What was judged here was not committed, or others have judged what was skipped here.
            kept.is_wanted = False
            kept = self._kept[kept.source] = self._new(kept.source)
            kept.is_owned = True
        kept.is_doubtful |= offset != kept.committed or self._was_away(kept)
        kept.committed, kept.target = offset, target
        kept.assignments += 1
        kept.is_positioned, kept.is_live, kept.is_muted = True, False, False
        kept.given_away_at = None
        if kept.memory is not None and not kept.is_doubtful and kept.position == target:
            self._release(kept)

    def on_committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Allow the images that the commit covers to be published."""
        for source, offset in offsets.items():
            kept = self._kept.get(source)
            if kept is not None and kept.is_live:
                kept.committed, kept.done, kept.is_muted = offset, offset, False

    def on_gap(self, topic: str, partition: int) -> None:
        """Hear that records were skipped, since they are deleted; any thread may call this."""
        if kept := self._kept.get(TopicPartition(topic, partition)):
            kept.has_gap = True

    async def run(self, should_stop: Callable[[], bool]) -> None:
        """Publish until the worker stops."""
        pause = min(max(self._settings.memory_interval / ROUNDS, SHORTEST_ROUND), LONGEST_ROUND)
        try:
            while not should_stop():
                await asyncio.sleep(pause)
                await self.round()
        finally:
            await self.close()

    async def round(self) -> None:
        """Publish what is due, and forget what was given away long ago."""
        now, last_round = self._edge.clock(), self._last_round
        self._last_round = now
        publisher = await self._publishing() if self._kept else None
        for kept in [*self._kept.values()]:
            if now - last_round > self._lease:
                # The process was frozen: another worker may have the partition by now.
                kept.publication.drop()
                kept.is_muted = True
            if publisher is not None and kept.is_live and not kept.is_muted:
                publisher.round(kept)
            away = 0.0 if kept.given_away_at is None else now - kept.given_away_at
            if not kept.is_wanted and away > self._settings.memory_kept:
                del self._kept[kept.source]

    async def settle(self) -> None:
        """Return when nothing is being restored or sent."""
        if self._restoring is not None:
            await self._restoring
        await (await self._publishing()).settle()

    async def close(self) -> None:
        """Stop restoring, and close the clients."""
        if self._restoring is not None:
            self._restoring.cancel()
            await asyncio.wait([self._restoring])
        await self._clients.aclose()
        self._edge.executor.shutdown()

    async def _restore_all(self) -> None:
        while self.held:
            try:
                async with self._edge.open_reader() as reader:
                    restorer = Restorer(reader, self.topic, self._edge.executor)
                    while kept := self._next_to_restore():
                        await self._restore(kept, restorer)
                    return
            except MemoryRefused as refusal:
                self._edge.refuse(refusal)
                return
            except (*CLIENT_ERRORS, BrokerError) as fault:
                logger.warning("memories are restored later, since Kafka fails: %r", fault)
                await asyncio.sleep(RETRY_INTERVAL)
            except Exception as fault:  # noqa: BLE001  # nothing may be judged without memory
                exit_without_commit("restoring memories", fault)

    async def _restore(self, kept: Kept, restorer: Restorer) -> None:
        began = self._edge.clock()
        if not await restorer.restore(kept):
            return
        if kept.manifest is None:
            await (await self._publishing()).write_manifest(kept)
        if kept.is_positioned and kept.position == kept.target:
            self._release(kept)
            logger.info(
                "the memory of %s partition %d is restored up to offset %d: %d images, %d offsets "
                "replayed, in %.1f s",
                *kept.source,
                kept.target,
                len(kept.publication.images),
                kept.target - kept.start,
                self._edge.clock() - began,
            )

    def _next_to_restore(self) -> Kept | None:
        held = (kept for kept in self._kept.values() if kept.is_positioned and not kept.is_live)
        return next(held, None)

    async def _publishing(self) -> Publisher:
        async with self._opening:
            if self._publisher is None:
                writer = await self._clients.enter_async_context(self._edge.open_writer())
                self._publisher = Publisher(
                    writer,
                    self.topic,
                    self._edge.executor,
                    self._edge.clock,
                    interval=self._settings.memory_interval,
                    owner=self.owner,
                )
        return self._publisher

    def _new(self, source: TopicPartition) -> Kept:
        publication = Publication(self._settings.memory_interval)
        return Kept(source, self._remembered[source.topic], publication)

    def _was_away(self, kept: Kept) -> bool:
        """Whether the group may have had no member: somebody may have rebuilt the memory."""
        now = self._edge.clock()
        away = 0.0 if kept.given_away_at is None else now - kept.given_away_at
        return kept.is_muted or max(away, now - self._last_round) > self._lease

    @property
    def _lease(self) -> float:
        """Seconds within which this worker cannot have lost its partitions unnoticed."""
        return self._settings.session_timeout / 2

    def _release(self, kept: Kept) -> None:
        kept.is_live = kept.is_whole = True
        self._wake()
