"""The batches that agents get: records to process and then confirm."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

from faust.types import TP, ConsumerMessage, Message

from anomaly_app.kafka.consumer.record_batches import PartitionRecords, Record, records_of


class Confirmations(Protocol):
    """Takes confirmations; implemented by the consumer."""

    def confirm(self, message: Message, last: PartitionRecords | Record) -> None:
        """Count a record of a message, and all before it in its partition, as done."""

    def finish(self, message: Message) -> None:
        """Stop waiting for a message."""


class PendingBatch:
    """Records of one topic that an agent is processing.

    Parameters
    ----------
    partitions
        The records, by partition and in order; a partition may occur several times.
    message
        Faust's message for the batch.
    consumer
        Takes the confirmations.
    """

    def __init__(
        self, partitions: Sequence[PartitionRecords], message: Message, consumer: Confirmations
    ) -> None:
        self.partitions = partitions
        self._message = message
        self._consumer = consumer

    @property
    def records(self) -> Iterator[Record]:
        """All records, in order."""
        return records_of(self.partitions)

    def confirm(self, last: PartitionRecords | Record) -> None:
        """Count a record, or records of a partition, and all before them in it, as done."""
        self._consumer.confirm(self._message, last)

    def finish(self) -> None:
        """Stop waiting for this batch; what was not confirmed of it is read again."""
        self._consumer.finish(self._message)


def to_message(tp: TP, partitions: list[PartitionRecords], generation: int) -> ConsumerMessage:
    """Wrap a batch as one message: Faust spends more than 100 µs of CPU on each."""
    return ConsumerMessage(
        tp.topic,
        tp.partition,
        partitions[-1].end - 1,
        timestamp=0.0,
        timestamp_type=0,
        headers=None,
        key=None,
        value=cast("Any", partitions),
        checksum=None,
        tp=tp,
        generation_id=generation,
    )
