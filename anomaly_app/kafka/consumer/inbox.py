"""Fetched records that wait for the agents.

A scoring call costs nearly the same for one record as for a hundred. During a call, records
accumulate here, and the next call takes them together. So the size of batches adapts to the load,
and no record ever waits for a batch to fill.
"""

from collections import deque
from collections.abc import Mapping
from threading import Lock

from anomaly_app.kafka.consumer.record_batches import PartitionRecords, RecordBatch


class Inbox:
    """Records of each topic, in order of arrival; safe to use from two threads.

    Parameters
    ----------
    sizes
        For each topic, the largest number of records that are taken together.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.topics = tuple(sizes)
        """The topics whose records are kept here."""
        self._queues = {topic: _TopicQueue(size) for topic, size in sizes.items()}
        self._lock = Lock()

    def put(self, batch: RecordBatch) -> None:
        """Add a batch of records."""
        with self._lock:
            self._queues[batch.topic].batches.append(batch)

    def take(self, topic: str) -> list[PartitionRecords]:
        """Take the waiting records of a topic, up to its size.

        Raises
        ------
        UnreadableBatch
            A fetched batch cannot be unpacked.
        """
        with self._lock:
            return self._queues[topic].take()

    def topics_with_room(self) -> list[str]:
        """Return the topics with fewer waiting records than are taken together."""
        with self._lock:
            return [topic for topic, queue in self._queues.items() if queue.has_room()]

    def clear(self) -> None:
        """Drop all waiting records."""
        with self._lock:
            for queue in self._queues.values():
                queue.clear()


class _TopicQueue:
    def __init__(self, size: int) -> None:
        self.size = size
        self.batches: deque[RecordBatch] = deque()
        self.rest: PartitionRecords | None = None
        """The rest of a batch that was too large to be taken whole."""

    def take(self) -> list[PartitionRecords]:
        partitions, room = [], self.size
        while room and (found := self._next()):
            if len(found.records) > room:
                taken = found.records[:room]
                self.rest = found._replace(records=found.records[room:])
                found = found._replace(records=taken, end=taken[-1].end)
            partitions.append(found)
            room -= len(found.records)
        return partitions

    def _next(self) -> PartitionRecords | None:
        if self.rest:
            rest, self.rest = self.rest, None
            return rest
        if not self.batches:
            return None
        batch = self.batches.popleft()
        return PartitionRecords(batch.topic, batch.partition, batch.end, batch.unpack())

    def has_room(self) -> bool:
        waiting = len(self.rest.records) if self.rest else 0
        for batch in self.batches:
            waiting += batch.end - batch.first
            if waiting >= self.size:
                return False
        return waiting < self.size

    def clear(self) -> None:
        self.batches.clear()
        self.rest = None
