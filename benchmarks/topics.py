"""Topics on the broker: made, filled and deleted by the harness."""

from collections.abc import Callable, Collection, Iterable

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.records import Block, blocks, entity, values

PATIENCE = 60.0
"""Seconds that the broker has for anything."""

QUIET = {"log_level": 3}
"""That a broker has just started, or a client ends, is no news for the terminal."""


def create_topics(servers: str, names: Iterable[str], *, partitions: int) -> None:
    """Create topics, and return when the broker has."""
    admin = _admin(servers)
    made = admin.create_topics(
        [NewTopic(name, num_partitions=partitions, replication_factor=1) for name in names]
    )
    for future in made.values():
        future.result(PATIENCE)


def delete_topics(servers: str, names: Iterable[str]) -> None:
    """Delete topics, and return when the broker has."""
    admin = _admin(servers)
    for future in admin.delete_topics(list(names)).values():
        future.result(PATIENCE)


def _admin(servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": servers, **QUIET})


class Preload:
    """Fills a topic with records; record ``id`` goes to partition ``id % partitions``.

    Parameters
    ----------
    servers
        Of the broker, ``host:port``.
    topic
        It exists, and is empty.
    partitions
        Its partitions.
    """

    def __init__(self, servers: str, topic: str, *, partitions: int) -> None:
        self._topic = topic
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
        """Send a block, and return when all of it has arrived."""
        for number, value in zip(block.ids, values(block), strict=True):
            self._producer.produce(
                self._topic, value, entity(number).encode(), number % self._partitions
            )
        self._producer.flush(PATIENCE)


def fill(
    servers: str,
    topic: str,
    count: int,
    *,
    partitions: int,
    marked: Collection[int],
    advance: Callable[[int], None],
) -> None:
    """Create a topic and fill it with the first `count` records.

    Parameters
    ----------
    servers, topic, partitions
        See `Preload`.
    count, marked
        See `benchmarks.records.blocks`.
    advance
        Is told how many records more have been sent.
    """
    create_topics(servers, [topic], partitions=partitions)
    preload = Preload(servers, topic, partitions=partitions)
    for block in blocks(count, marked=marked):
        preload.add(block)
        advance(len(block.matrix))
