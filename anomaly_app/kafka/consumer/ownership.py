"""Who hears which partitions a worker has, and may hold some of them back."""

from collections.abc import Callable, Mapping, Set
from typing import Protocol

from aiokafka.structs import TopicPartition


class PartitionListener(Protocol):
    """Hears of every change to the partitions of a worker, in the worker's event loop."""

    @property
    def held(self) -> Set[TopicPartition]:
        """The partitions from which nothing is passed on yet."""

    def on_revoked(self, partitions: Set[TopicPartition]) -> None:
        """Hear that these partitions are given away: nothing of them is in flight any more."""

    def on_assigned(self, partitions: Set[TopicPartition], wake: Callable[[], None]) -> None:
        """Hear that these are the worker's partitions from now on; nothing is passed on yet.

        Parameters
        ----------
        partitions
            All partitions of the worker.
        wake
            To be called when one of them is not held any more.
        """

    def on_positioned(self, committed: Mapping[TopicPartition, int | None]) -> None:
        """Hear where reading continues: at the committed offsets, or at the start if None."""

    def on_committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Hear that the broker has acknowledged a commit."""


class NoListener:
    """Holds nothing back."""

    held: Set[TopicPartition] = frozenset()

    def on_revoked(self, partitions: Set[TopicPartition]) -> None:
        """Do nothing."""

    def on_assigned(self, partitions: Set[TopicPartition], wake: Callable[[], None]) -> None:
        """Do nothing."""

    def on_positioned(self, committed: Mapping[TopicPartition, int | None]) -> None:
        """Do nothing."""

    def on_committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Do nothing."""
