"""What the app needs of a Kafka client; aiokafka's have it, and tests have one in memory."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord, RecordMetadata


class Reader(Protocol):
    """Reads partitions that it is assigned, without a group."""

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions, and no others."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on at an offset."""

    async def position(self, partition: TopicPartition) -> int:
        """Give the offset of the next record."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0
    ) -> Mapping[TopicPartition, Sequence[ConsumerRecord]]:
        """Give what there is, or wait for it so long."""

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Give the offsets of the first records."""

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Give the offsets that the next records get."""


class Writer(Protocol):
    """Sends messages, and hears of each whether it has arrived."""

    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[tuple[str, bytes]] | None = None,
    ) -> RecordMetadata:
        """Send a message; the key chooses its partition where none is named."""


class TopicAdmin(Protocol):
    """Describes topics."""

    async def describe_topics(self) -> list[dict[str, Any]]:
        """Give all topics with their partitions, as Kafka's metadata has them."""
