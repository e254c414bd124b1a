"""What the app needs from a Kafka client: aiokafka's, or the tests' in-memory one."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord, RecordMetadata


class Reader(Protocol):
    """Reads the partitions that it is assigned, without a group."""

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions and no others."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Continue at an offset."""

    async def position(self, partition: TopicPartition) -> int:
        """Return the offset of the next record."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0
    ) -> Mapping[TopicPartition, Sequence[ConsumerRecord]]:
        """Return what has arrived, waiting up to `timeout_ms` if nothing has."""

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Return the offsets of the first records."""

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offsets that the next records will get."""


class Writer(Protocol):
    """Sends messages, and waits for the acknowledgement of each."""

    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[tuple[str, bytes]] | None = None,
    ) -> RecordMetadata:
        """Send a message; its key chooses the partition if none is given."""


class TopicAdmin(Protocol):
    """Describes topics."""

    async def describe_topics(self) -> list[dict[str, Any]]:
        """Return all topics with their partitions, as in Kafka's metadata."""
