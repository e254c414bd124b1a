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

from anomaly_app.stream.batching import PackedResults
from anomaly_app.stream.inbox import Bell, Inbox

PAUSE = 0.001
"""Seconds before the next fetch where one brought few records, so that more can arrive.

All that a fetch sets in motion costs more than a millisecond of CPU, however little it brings.
"""

FEW = 256
"""Records of a fetch below which there is a pause: a backlog is not held up."""

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
    fetch_wait
        Seconds that the broker may hold back a fetch.
    """

    def __init__(
        self, consumer: Any, *, inbox: Inbox, arrived: Bell, fetch_wait: float, **options: Any
    ) -> None:
        super().__init__(consumer, **options)
        self._inbox = inbox
        self._arrived = arrived
        self._fetch_wait = fetch_wait
        self._wanted: frozenset[TP] = frozenset()
        self._seeks = 0
        self._pause = 0.0
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

        async def request_after_pause(*what: Any) -> Any:
            try:
                await asyncio.sleep(self._pause)
            except asyncio.CancelledError:
                # Neither does aiokafka's own raise it.
                return False
            return await request(*what)

        fetcher._proc_fetch_request = request_after_pause  # noqa: SLF001
        self.add_future(self._fetch())

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust passes a constant, and aiokafka has no setter: it reads this at its start.
        consumer._fetch_max_wait_ms = int(self._fetch_wait * 1000)  # noqa: SLF001
        return consumer

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
                self._pause = PAUSE if fetched < FEW else 0.0

    async def _fill(self) -> int:
        """Take what has been fetched and fits; nothing here may be suspended half-way.

        What aiokafka hands out counts as consumed, so a seek in between would leave in the inbox
        what is read once more, or take from it what is not.
        """
        consumer = self._ensure_consumer()
        # Set before the inbox is looked at: what is taken in between is heard of.
        self._held_back = True
        wanted = {tp for tp in self._wanted if self._inbox.has_room(tp.topic)}
        self._held_back = len(wanted) < len(self._wanted)
        if not wanted or self._seeks or consumer._subscription.reassignment_in_progress:  # noqa: SLF001
            return 0
        found = await self._fetch_records(consumer, wanted, timeout=0)
        fetched = 0
        for packed in chain.from_iterable(found.values()):
            self._inbox.put(packed)
            fetched += packed.end - packed.first
        return fetched

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go to the committed offsets; the inbox is empty then."""
        seek = self._ensure_consumer().seek_to_committed
        return cast("Mapping[TP, int]", await self.call_thread(self._at_rest, seek))

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Go to the first record of some partitions; the inbox is empty then."""
        seek = self._ensure_consumer().seek_to_beginning
        await self.call_thread(self._at_rest, seek, *partitions)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Go to certain offsets; the inbox is empty then."""
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
