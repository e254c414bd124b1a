"""Create, fill and delete topics."""

from collections.abc import Callable, Collection, Iterable

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.records import Block, Stream, blocks, transactions

PATIENCE = 60.0
"""Timeout of requests to the broker, in seconds."""

QUIET = {"log_level": 3}
"""Client settings that silence log lines about brokers that start and clients that end."""


def create_topics(servers: str, names: Iterable[str], *, partitions: int) -> None:
    """Create topics, and wait until they exist."""
    admin = _admin(servers)
    made = admin.create_topics(
        [NewTopic(name, num_partitions=partitions, replication_factor=1) for name in names]
    )
    for future in made.values():
        future.result(PATIENCE)


def delete_topics(servers: str, names: Iterable[str]) -> None:
    """Delete topics, and wait until they are deleted."""
    admin = _admin(servers)
    for future in admin.delete_topics(list(names)).values():
        future.result(PATIENCE)


def delete_topics_of(servers: str, run: str) -> None:
    """Delete all topics with the name of a run in theirs, such as changelogs that systems made."""
    made = [name for name in _admin(servers).list_topics(timeout=PATIENCE).topics if run in name]
    if made:
        delete_topics(servers, made)


def end_offsets(servers: str, topic: str, *, partitions: int) -> int:
    """Return the number of records that were ever sent to a topic."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": f"{topic}-ends", **QUIET})
    try:
        return sum(
            consumer.get_watermark_offsets(TopicPartition(topic, partition), PATIENCE)[1]
            for partition in range(partitions)
        )
    finally:
        consumer.close()


def _admin(servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": servers, **QUIET})


class Preload:
    """Fills a topic with records; record ``id`` goes to partition ``id % partitions``.

    Parameters
    ----------
    servers
        Bootstrap servers, ``host:port``.
    topic
        An empty topic.
    partitions
        Its number of partitions.
    stream
        Writes the records.
    """

    def __init__(self, servers: str, topic: str, *, partitions: int, stream: Stream) -> None:
        self._topic = topic
        self._stream = stream
        self._partitions = partitions
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "linger.ms": 20,
                "acks": "all",
                "enable.idempotence": True,
                **QUIET,
                "queue.buffering.max.messages": 1_000_000,
            }
        )

    def add(self, block: Block) -> None:
        """Send a block, and wait until it has arrived."""
        for number, (key, value) in zip(block.ids, self._stream(block), strict=True):
            self._producer.produce(self._topic, value, key, number % self._partitions)
        self._producer.flush(PATIENCE)


def fill(
    servers: str,
    topic: str,
    count: int,
    *,
    partitions: int,
    marked: Collection[int],
    advance: Callable[[int], None],
    stream: Stream = transactions,
) -> None:
    """Create a topic and fill it with the first `count` records.

    Parameters
    ----------
    servers, topic, partitions
        See `Preload`.
    count, marked
        See `benchmarks.records.blocks`.
    advance
        Called with the number of records sent since the last call.
    stream
        Writes the records.
    """
    create_topics(servers, [topic], partitions=partitions)
    preload = Preload(servers, topic, partitions=partitions, stream=stream)
    for block in blocks(count, marked=marked):
        preload.add(block)
        advance(len(block.matrix))
