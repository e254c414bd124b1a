"""The next position of each partition, and gaps where records are missing."""

from typing import NamedTuple

from aiokafka.structs import TopicPartition


class Gap(NamedTuple):
    """The broker no longer has the offset that was to be read next."""

    topic: str
    partition: int
    expected: int
    """The offset that was to be read next."""
    found: int
    """The offset that is read instead."""


class Positions:
    """For each partition, the offset to read next, if known."""

    def __init__(self) -> None:
        self._next: dict[TopicPartition, int] = {}

    def expect(self, tp: TopicPartition, offset: int) -> None:
        """Expect this offset next in a partition."""
        self._next[tp] = offset

    def forget(self, *partitions: TopicPartition) -> None:
        """Accept any next offset in some partitions."""
        for tp in partitions:
            self._next.pop(tp, None)

    def clear(self) -> None:
        """Accept any next offset in all partitions."""
        self._next.clear()

    def follow(self, tp: TopicPartition, position: int) -> Gap | None:
        """Continue at the broker's position in a partition, and return the gap, if any."""
        expected = self._next.get(tp, position)
        self._next[tp] = position
        return None if position == expected else Gap(tp.topic, tp.partition, expected, position)
