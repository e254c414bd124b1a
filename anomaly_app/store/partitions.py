"""The partitions that a worker reads for the store, and where it goes on in each."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from anomaly_app.kafka.security import client_options
from anomaly_app.settings import Settings
from anomaly_app.store.batch import Place

logger = logging.getLogger(__name__)

AT_ONCE = 2_000
"""Most messages in one transaction."""

PARTITION_BYTES, FETCH_BYTES = 1_048_576, 8_388_608
"""Most that is fetched ahead of a partition, and of all."""

LONGEST_PAUSE_MS = 7 * 86_400_000
"""A database may be away for this long, and the worker keeps its partitions."""


def group_of(settings: Settings) -> str:
    """Return the consumer group that shares the partitions among the workers' stores."""
    return f"{settings.group}-store"


def store_consumer(settings: Settings) -> AIOKafkaConsumer:
    """Return a consumer that has partitions assigned, and does not know where to go on."""
    session_ms = int(settings.session_timeout * 1000)
    return AIOKafkaConsumer(
        **client_options(settings),
        group_id=group_of(settings),
        client_id="anomaly-app-store",
        enable_auto_commit=False,
        # Where to go on is asked of the database.
        auto_offset_reset="none",
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=session_ms // 6,
        rebalance_timeout_ms=int(settings.rebalance_timeout * 1000),
        max_poll_interval_ms=LONGEST_PAUSE_MS,
        max_partition_fetch_bytes=PARTITION_BYTES,
        fetch_max_bytes=FETCH_BYTES,
        max_poll_records=AT_ONCE,
        fetch_max_wait_ms=int(settings.fetch_wait * 1000),
    )


class Partitions(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Which partitions are assigned, and which of them the database has been asked about."""

    def __init__(self) -> None:
        self.waiting: set[TopicPartition] = set()
        """Assigned, and not read before it is known where the store goes on."""
        self.next: dict[Place, int] = {}
        """The next offset of those that are read."""
        self.generation = 0
        """Grows with each assignment."""

    def on_partitions_revoked(self, _: Iterable[TopicPartition]) -> None:
        """Forget all: the next assignment says which there are."""
        self.generation += 1
        self.waiting = set()
        self.next = {}

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Read none of them yet."""
        self.generation += 1
        self.waiting = set(assigned)
        self.next = {}

    def behind(self, consumer: AIOKafkaConsumer) -> int | None:
        """Return how many offsets are not stored yet; None if that is not known."""
        ends: dict[Place, Any] = {
            place: consumer.highwater(TopicPartition(*place))
            for place in self.next
            if TopicPartition(*place) in consumer.assignment()
        }
        if any(end is None for end in ends.values()):
            return None
        return sum(max(int(end) - self.next[place], 0) for place, end in ends.items())

    def ask_again(self) -> None:
        """Read none before the database was asked again."""
        self.waiting |= {TopicPartition(*place) for place in self.next}
        self.next = {}


def starts_of(
    known: Mapping[Place, int], bounds: Mapping[TopicPartition, tuple[int, int]]
) -> tuple[dict[Place, int], int]:
    """Return where to go on in each partition, and how many offsets are lost to retention.

    Parameters
    ----------
    known
        The next offsets in the store.
    bounds
        The first offset and the end of each partition.
    """
    starts: dict[Place, int] = {}
    lost = 0
    for (topic, partition), (begin, end) in bounds.items():
        place = Place(topic, partition)
        start = known.get(place, begin)
        if start < begin:
            lost += begin - start
            logger.warning(
                "%s partition %d: retention has deleted offsets %d to %d before they were stored",
                *(topic, partition, start, begin - 1),
            )
            start = begin
        elif start > end:
            logger.warning(
                "%s partition %d ends at offset %d, and the store has read up to %d: the topic was "
                "made anew, and is read from its beginning",
                *(topic, partition, end, start),
            )
            start = begin
        starts[place] = start
    return starts, lost
