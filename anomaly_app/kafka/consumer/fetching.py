"""The consumer's thread: it fetches while the agents work.

aiokafka asks for more of a partition only when all that came of it has been taken. Faust takes
when it has handed on what it took before, so fetching and working would alternate, and a record
wait for both. Here the thread takes what has come at once, as long as the inbox has room.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import chain
from typing import Any, cast

import aiokafka
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from anomaly_app.kafka.consumer.fetch_protocol import CompactRequest
from anomaly_app.kafka.consumer.gaps import Positions
from anomaly_app.kafka.consumer.inbox import Bell, Inbox
from anomaly_app.kafka.consumer.record_batches import Packed, PackedResults

FEW = 256
"""Records of a fetch below which the next one lingers: a backlog is not held up."""

IDLE = 1.0
"""Seconds after which the thread looks for itself, whether or not it was woken."""


class FetchingThread(driver.AIOKafkaConsumerThread):
    """Consumer thread that fills an inbox.

    Parameters
    ----------
    consumer
        Faust's consumer, whose thread this is.
    inbox
        Takes what was fetched.
    arrived
        Rung when something is new in the inbox.
    """

    app: Any
    """A `ConfirmingApp`: it says how long to wait and to linger, and hears of gaps."""

    def __init__(self, consumer: Any, *, inbox: Inbox, arrived: Bell, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._inbox = inbox
        self._arrived = arrived
        self._wanted: frozenset[TP] = frozenset()
        self._seeks = 0
        self._positions = Positions()
        self._pause = 0.0
        self._next_look = 0.0
        self._held_back = False
        self._fault: Exception | None = None
        self._stir = Bell(self.thread_loop)

    def want(self, partitions: frozenset[TP]) -> None:
        """Fetch of these partitions from now on, as long as the inbox has room."""
        if partitions != self._wanted:
            self._wanted = partitions
            self._stir.ring()

    def check(self) -> None:
        """Raise what fetching has ended with, if it has."""
        if self._fault is not None:
            raise self._fault

    def go_on(self) -> None:
        """Tell that something was taken from the inbox."""
        if self._held_back:
            self._stir.ring()

    async def on_start(self) -> None:
        """Start the consumer, and have it fetch as we want."""
        await super().on_start()
        # Nothing has been fetched yet: no partition is assigned.
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001
        fetcher._records = PackedResults(self._stir.ring)  # noqa: SLF001
        request = fetcher._proc_fetch_request  # noqa: SLF001

        async def request_after_pause(assignment: Any, node: Any, asked: Any) -> Any:
            try:
                await asyncio.sleep(self._pause)
            except asyncio.CancelledError:
                # Neither does aiokafka's own raise it.
                return False
            return await request(assignment, node, CompactRequest.of(asked))

        fetcher._proc_fetch_request = request_after_pause  # noqa: SLF001
        self.add_future(self._fetch())

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust passes constants, and aiokafka has no setters: it reads these at its start.
        consumer._fetch_max_wait_ms = int(self.app.fetch_wait * 1000)  # noqa: SLF001
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    def highwater(self, tp: TP) -> Any:
        """Give the offset up to which a partition can be read: its last stable offset.

        Behind it stand records of transactions that have not ended. None until the first fetch.
        """
        stable = self._ensure_consumer().last_stable_offset(tp)
        return self.end_offset(tp) if stable is None or stable < 0 else stable

    def end_offset(self, tp: TP) -> int | None:
        """Give the offset that the next record gets; None until the first fetch."""
        return cast("int | None", self._ensure_consumer().highwater(tp))

    async def _fetch(self) -> None:
        while not self.should_stop:
            await self._stir.wait(IDLE)
            try:
                fetched = await self._fill()
            except Exception as fault:  # noqa: BLE001  # raised where Faust expects it
                # What aiokafka had taken out is gone; nothing behind it may come through.
                self._fault = fault
                self._arrived.ring()
                return
            if fetched:
                self._arrived.ring()
                self._pause = self.app.linger if fetched < FEW else 0.0

    async def _fill(self) -> int:
        """Take what has been fetched and fits; nothing here may be suspended half-way.

        What aiokafka hands out counts as consumed, so a seek in between would leave in the inbox
        what is read once more, or take from it what is not.
        """
        consumer = self._ensure_consumer()
        # Set before the inbox is looked at: what is taken in between is heard of.
        self._held_back = True
        room = self._inbox.topics_with_room()
        wanted = {tp for tp in self._wanted if tp.topic in room}
        self._held_back = len(wanted) < len(self._wanted)
        if not wanted or self._seeks or consumer._subscription.reassignment_in_progress:  # noqa: SLF001
            return 0
        found = await self._fetch_records(consumer, wanted, timeout=0)
        fetched = 0
        for packed in chain.from_iterable(found.values()):
            tp = TopicPartition(packed.topic, packed.partition)
            self._follow(tp, packed.first)
            self._positions.expect(tp, packed.end)
            self._inbox.put(packed)
            fetched += packed.end - packed.first
        self._look_for_gaps(consumer)
        return fetched

    def _look_for_gaps(self, consumer: aiokafka.AIOKafkaConsumer) -> None:
        """Notice that aiokafka had to go on elsewhere, also where nothing has come from there."""
        if self.thread_loop.time() < self._next_look:
            return
        self._next_look = self.thread_loop.time() + IDLE
        assignment = consumer._subscription.subscription.assignment  # noqa: SLF001
        for tp in self._wanted & assignment.tps:
            state = assignment.state_value(tp)
            if state.has_valid_position:
                self._follow(tp, state.position)

    def _follow(self, tp: TopicPartition, position: int) -> None:
        if gap := self._positions.follow(tp, position):
            self.app.on_gap(gap)
            if gap.found > gap.expected:
                # Nobody can do more about what is gone: it counts as done.
                self._inbox.put(Packed(*gap, None))
                self._arrived.ring()

    async def seek_to_committed(self) -> Mapping[TP, Any]:
        """Go to the committed offsets, None where there are none; the inbox is empty then."""
        seek = self._seek_to_committed
        return cast("Mapping[TP, Any]", await self.call_thread(self._at_rest, seek))

    async def _seek_to_committed(self) -> Mapping[TopicPartition, int | None]:
        consumer = self._ensure_consumer()
        committed = {tp: await consumer.committed(tp) for tp in consumer.assignment()}
        self._positions.clear()
        for tp, offset in committed.items():
            # aiokafka's own call leaves a partition where it is that is committed up to 0.
            if offset is not None:
                consumer.seek(tp, offset)
                self._positions.expect(tp, offset)
        return committed

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Go to the first record of some partitions; the inbox is empty then."""
        await self.call_thread(self._at_rest, self._seek_to_beginning, *partitions)

    async def _seek_to_beginning(self, *partitions: TopicPartition) -> None:
        await self._ensure_consumer().seek_to_beginning(*partitions)
        self._positions.forget(*partitions)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Go to certain offsets; the inbox is empty then."""
        for tp, offset in partitions.items():
            self._positions.expect(TopicPartition(*tp), offset)
        seek = self._seek_wait
        await self.call_thread(self._at_rest, seek, self._ensure_consumer(), partitions)

    async def _at_rest(self, seek: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Seek while nothing is taken from aiokafka."""
        self._seeks += 1
        try:
            return await seek(*args)
        finally:
            self._inbox.clear()
            self._seeks -= 1
            self._stir.ring()
