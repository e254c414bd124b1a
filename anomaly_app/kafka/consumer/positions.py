"""Where each partition is read on, and gaps where that is not possible."""

from typing import NamedTuple

from aiokafka.structs import TopicPartition


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
