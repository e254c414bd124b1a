"""Partitions that cannot be read on from where they were left: said, and counted."""

import logging
from typing import NamedTuple

from aiokafka.structs import TopicPartition

from anomaly_app.observability.counters import Counters

logger = logging.getLogger(__name__)


class Gap(NamedTuple):
    """The broker has nothing any more at the offset that was to be read next."""

    topic: str
    partition: int
    expected: int
    """The offset that was to be read next."""
    found: int
    """The offset that is read in its place."""


class Positions:
    """For each partition the offset that is to be read next, as far as that is known."""

    def __init__(self) -> None:
        self._next: dict[TopicPartition, int] = {}

    def expect(self, tp: TopicPartition, offset: int) -> None:
        """Read a partition on from this offset."""
        self._next[tp] = offset

    def forget(self, *partitions: TopicPartition) -> None:
        """Take whatever comes next of some partitions."""
        for tp in partitions:
            self._next.pop(tp, None)

    def clear(self) -> None:
        """Take whatever comes next of all partitions."""
        self._next.clear()

    def follow(self, tp: TopicPartition, position: int) -> Gap | None:
        """Read a partition on from where the broker has something, and give the gap, if any."""
        expected = self._next.get(tp, position)
        self._next[tp] = position
        return None if position == expected else Gap(tp.topic, tp.partition, expected, position)


def report_gap(gap: Gap, counters: Counters) -> None:
    """Log a gap, and count what is lost by it.

    Parameters
    ----------
    gap
        Where reading goes on: behind what is gone, or before it, where the topic was made anew.
    counters
        Its ``lost_to_retention`` grows by the offsets in the gap. They are records, but for
        those that compaction or a transaction has left empty.
    """
    topic, partition, expected, found = gap
    if found < expected:
        logger.warning(
            "topic %s partition %d: offset %d does not exist any more, the topic was deleted and "
            "created again or its broker lost records; reading from offset %d, so that records "
            "may be judged again",
            topic,
            partition,
            expected,
            found,
        )
        return
    counters.lost_to_retention[topic, partition] += found - expected
    logger.warning(
        "topic %s partition %d: offsets %d to %d were deleted before this group had read them; "
        "reading from offset %d. Raise the topic's retention.ms or retention.bytes, or start more "
        "workers; /stats counts them in lost_to_retention",
        topic,
        partition,
        expected,
        found - 1,
        found,
    )
