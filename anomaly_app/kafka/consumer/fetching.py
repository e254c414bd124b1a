"""The consumer's thread, which fetches while the agents work.

aiokafka requests more of a partition only when all its fetched records have been taken. Faust takes
records only after passing on those that it took before, so fetching and processing would alternate,
and a record would wait for both. Here the thread takes records as soon as they arrive, as long as
the inbox has room.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import chain
from typing import Any, cast

import aiokafka
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from anomaly_app.kafka.consumer.client_internals import configure, fetch_batches, known_positions
from anomaly_app.kafka.consumer.inbox import Inbox
from anomaly_app.kafka.consumer.options import ConsumerOptions
from anomaly_app.kafka.consumer.positions import Positions
from anomaly_app.kafka.consumer.record_batches import RecordBatch
from anomaly_app.kafka.consumer.thread_safe_event import ThreadSafeEvent

LINGER_BELOW = 256
"""Records of a fetch below which the next one lingers: a backlog is not delayed."""

POLL_INTERVAL = 1.0
"""Seconds after which the thread checks for records, even if it was not woken."""


class FetchingThread(driver.AIOKafkaConsumerThread):
    """Consumer thread that fills an inbox.

    Parameters
    ----------
    consumer
        Faust's consumer, whose thread this is.
    inbox
        Takes what was fetched.
    arrived
        Set when something is new in the inbox.
    options
        How long to wait and to linger, and the callback for gaps.
    """

    def __init__(
        self,
        consumer: Any,
        *,
        inbox: Inbox,
        arrived: ThreadSafeEvent,
        options: ConsumerOptions,
        **service: Any,
    ) -> None:
        super().__init__(consumer, **service)
        self._inbox = inbox
        self._arrived = arrived
        self._options = options
        self._wanted: frozenset[TP] = frozenset()
        self._seeks = 0
        self._rebalancing = True
        """Until the group has given this worker its partitions."""
        self._positions = Positions()
        self._pause = 0.0
        self._next_look = 0.0
        self._is_full = False
        """Whether records stay in aiokafka only because the inbox has no room."""
        self._fault: Exception | None = None
        self._wake_up = ThreadSafeEvent(self.thread_loop)

    def fetch_from(self, partitions: frozenset[TP]) -> None:
        """Fetch from these partitions from now on, as long as the inbox has room."""
        if partitions != self._wanted:
            self._wanted = partitions
            self._wake_up.set()

    def raise_fault(self) -> None:
        """Raise the exception that ended fetching, if any."""
        if self._fault is not None:
            raise self._fault

    def notify_taken(self) -> None:
        """Tell the thread that something was taken from the inbox."""
        if self._is_full:
            self._wake_up.set()

    async def on_start(self) -> None:
        """Start the consumer, and make it fetch batches."""
        await super().on_start()
        consumer = self._ensure_consumer()
        fetch_batches(consumer, on_fetched=self._wake_up.set, pause=lambda: self._pause)
        self.add_future(self._fetch())

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        configure(consumer, fetch_wait=self._options.fetch_wait)
        return consumer

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Subscribe; until these topics are assigned, aiokafka would block a fetch."""
        self._rebalancing = True
        await super().subscribe(topics)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Take nothing more until there is a new assignment; aiokafka would block until then."""
        self._rebalancing = True
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take again from the partitions that the consumer wants."""
        self._rebalancing = False
        await super().on_partitions_assigned(assigned, generation_id)

    def highwater(self, tp: TP) -> Any:
        """Return the offset up to which a partition can be read: its last stable offset.

        After it come records of open transactions. None until the first fetch.
        """
        stable = self._ensure_consumer().last_stable_offset(tp)
        return self.end_offset(tp) if stable is None or stable < 0 else stable

    def end_offset(self, tp: TP) -> int | None:
        """Return the offset of the next new record; None until the first fetch."""
        return cast("int | None", self._ensure_consumer().highwater(tp))

    async def _fetch(self) -> None:
        while not self.should_stop:
            await self._wake_up.wait(POLL_INTERVAL)
            try:
                fetched = await self._fill()
            except Exception as fault:  # noqa: BLE001  # raised where Faust expects it
                # Records taken from aiokafka are lost; none after them may be passed on.
                self._fault = fault
                self._arrived.set()
                return
            if fetched:
                self._arrived.set()
                self._pause = self._options.linger if fetched < LINGER_BELOW else 0.0

    async def _fill(self) -> int:
        """Take fetched records that fit; nothing here may be suspended half-way.

        aiokafka counts records that it returns as consumed, so a seek in between would leave
        records in the inbox that are read again, or remove records that are not.
        """
        consumer = self._ensure_consumer()
        # Set before the inbox is checked, so that taking from it meanwhile wakes the thread.
        self._is_full = True
        room = self._inbox.topics_with_room()
        wanted = {tp for tp in self._wanted if tp.topic in room}
        self._is_full = len(wanted) < len(self._wanted)
        if not wanted or self._seeks or self._rebalancing:
            return 0
        found = await self._fetch_records(consumer, wanted, timeout=0)
        fetched = 0
        for batch in chain.from_iterable(found.values()):
            tp = TopicPartition(batch.topic, batch.partition)
            self._follow(tp, batch.first)
            self._positions.expect(tp, batch.end)
            self._inbox.put(batch)
            fetched += batch.end - batch.first
        self._look_for_gaps(consumer)
        return fetched

    def _look_for_gaps(self, consumer: aiokafka.AIOKafkaConsumer) -> None:
        """Notice that aiokafka had to skip offsets, even if no records have arrived since."""
        if self.thread_loop.time() < self._next_look:
            return
        self._next_look = self.thread_loop.time() + POLL_INTERVAL
        for tp, position in known_positions(consumer, self._wanted):
            self._follow(tp, position)

    def _follow(self, tp: TopicPartition, position: int) -> None:
        if gap := self._positions.follow(tp, position):
            self._options.on_gap(gap)
            if gap.found > gap.expected:
                # Deleted records cannot be recovered: they count as done.
                self._inbox.put(RecordBatch(*gap, None))
                self._arrived.set()

    async def seek_to_committed(self) -> Mapping[TP, Any]:
        """Seek to the committed offsets, clear the inbox, and return the offsets; None if unset."""
        seek = self._seek_to_committed
        return cast("Mapping[TP, Any]", await self.call_thread(self._without_fetching, seek))

    async def _seek_to_committed(self) -> Mapping[TopicPartition, int | None]:
        consumer = self._ensure_consumer()
        committed = {tp: await consumer.committed(tp) for tp in consumer.assignment()}
        self._positions.clear()
        for tp, offset in committed.items():
            # aiokafka's own method does not seek in a partition whose committed offset is 0.
            if offset is not None:
                consumer.seek(tp, offset)
                self._positions.expect(tp, offset)
        return committed

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Seek to the first record of some partitions, and clear the inbox."""
        await self.call_thread(self._without_fetching, self._seek_to_beginning, *partitions)

    async def _seek_to_beginning(self, *partitions: TopicPartition) -> None:
        await self._ensure_consumer().seek_to_beginning(*partitions)
        self._positions.forget(*partitions)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek to certain offsets, and clear the inbox."""
        for tp, offset in partitions.items():
            self._positions.expect(TopicPartition(*tp), offset)
        seek = self._seek_wait
        await self.call_thread(self._without_fetching, seek, self._ensure_consumer(), partitions)

    async def _without_fetching(self, seek: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Seek while nothing is taken from aiokafka."""
        self._seeks += 1
        try:
            return await seek(*args)
        finally:
            self._inbox.clear()
            self._seeks -= 1
            self._wake_up.set()
