"""Consumer of a system's anomalies, from which its progress is derived."""

import time
from collections.abc import Collection

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks.errors import BenchmarkError
from benchmarks.progress import Progress


class _Transaction(msgspec.Struct):
    id: int


class _Anomaly(msgspec.Struct):
    """The common part of all systems' anomalies: the transaction with its id."""

    transaction: _Transaction


class Observer:
    """Consumes the anomalies of a system from the beginning of their topic.

    Parameters
    ----------
    servers
        Bootstrap servers, ``host:port``.
    topic
        Topic of the anomalies.
    partitions
        Number of partitions of the topics.
    """

    def __init__(self, servers: str, topic: str, *, partitions: int) -> None:
        self.arrived: dict[int, float] = {}
        """Time (`time.monotonic`) of the first anomaly of each record."""
        self.progress = Progress(partitions)
        self._decode = msgspec.json.Decoder(_Anomaly).decode
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": f"{topic}-observer",
                "enable.auto.commit": False,
                # The embedded broker answers a waiting fetch only after a part of this time.
                "fetch.wait.max.ms": 10,
            }
        )
        self._consumer.assign(
            [TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)]
        )

    def look(self, seconds: float) -> int | None:
        """Wait for one anomaly and return its record's id; None if there is none in time."""
        message = self._consumer.poll(seconds)
        now = time.monotonic()
        if message is None:
            return None
        if message.error():
            raise BenchmarkError(f"cannot read the anomalies: {message.error()}")
        number = self._decode(message.value()).transaction.id
        self.arrived.setdefault(number, now)
        self.progress.note(number)
        return number

    def has_seen(self, numbers: Collection[int]) -> bool:
        """Return whether the anomalies of all these records have arrived."""
        return all(number in self.arrived for number in numbers)

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()
