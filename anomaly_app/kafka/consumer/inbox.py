"""What was fetched and waits for the agents.

A scoring call costs nearly the same for one record as for a hundred. While one is under way,
records pile up here; the next call takes them together. So the batches follow the load by
themselves, and nothing ever waits for a batch to fill.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from threading import Lock

from anomaly_app.kafka.consumer.record_batches import Packed, Run


class Inbox:
    """Records of each topic, in the order of their arrival; two threads may use it.

    Parameters
    ----------
    sizes
        For each topic, the records that are taken together at most.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._topics = {topic: _Waiting(size) for topic, size in sizes.items()}
        self._lock = Lock()

    def put(self, packed: Packed) -> None:
        """Add a batch of records."""
        with self._lock:
            self._topics[packed.topic].packed.append(packed)

    def take(self, topic: str) -> list[Run]:
        """Take the records of a topic that wait, up to its size.

        Raises
        ------
        UnreadableBatch
            What was fetched cannot be unpacked.
        """
        with self._lock:
            return self._topics[topic].take()

    def topics_with_room(self) -> list[str]:
        """Give the topics of which less waits than is taken together."""
        with self._lock:
            return [topic for topic, waiting in self._topics.items() if waiting.has_room()]

    def clear(self) -> None:
        """Drop all that waits."""
        with self._lock:
            for waiting in self._topics.values():
                waiting.clear()


class _Waiting:
    def __init__(self, size: int) -> None:
        self.size = size
        self.packed: deque[Packed] = deque()
        self.rest: Run | None = None
        """What is left of a batch that was too large to be taken whole."""

    def take(self) -> list[Run]:
        runs, room = [], self.size
        while room and (run := self._next()):
            if len(run.records) > room:
                taken = run.records[:room]
                self.rest = run._replace(records=run.records[room:])
                run = run._replace(records=taken, end=taken[-1].end)
            runs.append(run)
            room -= len(run.records)
        return runs

    def _next(self) -> Run | None:
        if self.rest:
            run, self.rest = self.rest, None
            return run
        if not self.packed:
            return None
        packed = self.packed.popleft()
        return Run(packed.topic, packed.partition, packed.end, packed.unpack())

    def has_room(self) -> bool:
        waiting = len(self.rest.records) if self.rest else 0
        for packed in self.packed:
            waiting += packed.end - packed.first
            if waiting >= self.size:
                return False
        return waiting < self.size

    def clear(self) -> None:
        self.packed.clear()
        self.rest = None


class Bell:
    """Wakes what waits in one thread's event loop; any thread may ring it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake who waits, or who waits next."""
        if self._rung.is_set():
            return
        if _is_running_here(self._loop):
            # To wake a loop as other threads must costs calls of the operating system.
            self._rung.set()
        else:
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, at_most: float) -> None:
        """Wait until it has rung since the last wait, or for some seconds."""
        timer = self._loop.call_later(at_most, self._rung.set)
        try:
            await self._rung.wait()
        finally:
            timer.cancel()
        # What led to a ring has been done before it, so whoever looks now sees it.
        self._rung.clear()


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
