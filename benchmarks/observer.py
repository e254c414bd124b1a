"""Reads the anomalies that a system sends: all that the benchmark knows of its progress."""

import time
from collections.abc import Collection

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks.errors import BenchmarkError
from benchmarks.progress import Progress


class _Transaction(msgspec.Struct):
    id: int


class _Anomaly(msgspec.Struct):
    """What every system's anomalies have: the original transaction, with its id."""

    transaction: _Transaction


class Observer:
    """A consumer of one system's anomalies, from the beginning of their topic.

    Parameters
    ----------
    servers
        Of the broker, ``host:port``.
    topic
        Of the anomalies.
    partitions
        Of both topics.
    """

    def __init__(self, servers: str, topic: str, *, partitions: int) -> None:
        self.arrived: dict[int, float] = {}
        """Clock (`time.monotonic`) at the first arrival of each record's anomaly."""
        self.progress = Progress(partitions)
        self._decode = msgspec.json.Decoder(_Anomaly).decode
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": f"{topic}-observer",
                "enable.auto.commit": False,
                # The embedded broker answers a waiting fetch only after a part of this.
                "fetch.wait.max.ms": 10,
            }
        )
        self._consumer.assign(
            [TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)]
        )

    def look(self, seconds: float) -> int | None:
        """Wait for one anomaly and give its record's id; None where none comes in time."""
        message = self._consumer.poll(seconds)
        now = time.monotonic()
        if message is None:
            return None
        if message.error():
            raise BenchmarkError(f"the anomalies cannot be read: {message.error()}")
        number = self._decode(message.value()).transaction.id
        self.arrived.setdefault(number, now)
        self.progress.note(number)
        return number

    def has_seen(self, numbers: Collection[int]) -> bool:
        """Whether the anomalies of all these records have arrived."""
        return all(number in self.arrived for number in numbers)

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()
