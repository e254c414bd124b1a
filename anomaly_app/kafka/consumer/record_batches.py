"""Records, unpacked from Kafka's bytes.

aiokafka unpacks record by record, at more than 1 µs each. Here fetched records stay in the
producers' batches, in Kafka's own bytes, until an agent is ready for them: so waiting records take
little memory, and unpacked records are still in the processor's cache when they are decoded.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition

from anomaly_app.errors import UnreadableBatch

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
"""Kafka's names of the compression codecs, by their numbers."""


class Record(msgspec.Struct, gc=False):
    """A record fetched from Kafka, at a fifth of the cost of aiokafka's own."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since the epoch."""
    key: bytes | None
    value: bytes | None

    @property
    def end(self) -> int:
        """The offset after the record."""
        return self.offset + 1


class PartitionRecords(NamedTuple):
    """Consecutive records of one partition; there may be none."""

    topic: str
    partition: int
    end: int
    """The offset after them, and after what is not a record, such as a transaction marker."""
    records: list[Record]


def records_of(partitions: Iterable[PartitionRecords]) -> Iterator[Record]:
    """Iterate over all records, in order."""
    return chain.from_iterable(found.records for found in partitions)


class RecordBatch(NamedTuple):
    """A range of offsets of one partition, with its records in Kafka's own bytes."""

    topic: str
    partition: int
    first: int
    """The first offset that was requested; the producer's batch may begin before it."""
    end: int
    """The offset after the range."""
    reader: Any
    """aiokafka's reader of the bytes; None if the range has no records to read."""

    def unpack(self) -> list[Record]:
        """Read the records; compaction may have left none.

        Raises
        ------
        UnreadableBatch
            The batch cannot be decompressed, or its records are not in Kafka's format.
        """
        topic, partition, first, end, reader = self
        if reader is None:
            return []
        try:
            records = [
                Record(topic, partition, r.offset, r.timestamp, r.key, r.value) for r in reader
            ]
        except Exception as fault:
            is_known = hasattr(reader, "compression_type")
            codec = CODECS[reader.compression_type] if is_known else "old"
            raise UnreadableBatch(
                f"topic {topic} partition {partition} offsets {first} to {end - 1}: a batch of "
                f"records (compression {codec}) cannot be unpacked: {fault!r}"
            ) from fault
        if records and records[0].offset < first:
            return [record for record in records if record.offset >= first]
        return records


class RecordBatches:
    """A partition's fetched data as batches, where aiokafka iterates record by record.

    Only committed records are read: aborted transactions, and the markers that end transactions,
    are passed on as ranges without records, so that they count as done.

    Parameters
    ----------
    tp
        The partition.
    fetched
        The response as aiokafka keeps it: its bytes, the requested offset, and the aborted
        transactions in it.
    """

    def __init__(self, tp: TopicPartition, fetched: fetcher.PartitionRecords) -> None:
        self.next_fetch_offset: int = fetched.next_fetch_offset
        """The offset after the last batch taken; aiokafka's position in the partition."""
        self._tp = tp
        self._fetched = fetched
        # It refers back to `fetched`, whose megabytes would wait for the garbage collector.
        fetched._records_iterator = None  # noqa: SLF001

    def __iter__(self) -> Iterator[RecordBatch]:
        """Yield the batches that have not been taken yet.

        Raises
        ------
        CorruptRecordException
            A checksum is wrong.
        """
        topic, partition = self._tp
        batches = self._fetched._records  # noqa: SLF001
        while batches.has_next():
            batch = batches.next_batch()
            if not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            first, self.next_fetch_offset = self.next_fetch_offset, batch.next_offset
            hidden = self._is_hidden(batch)
            yield RecordBatch(topic, partition, first, batch.next_offset, None if hidden else batch)

    def _is_hidden(self, batch: Any) -> bool:
        """Return whether a batch is a marker, or belongs to an aborted transaction.

        This uses aiokafka's own bookkeeping, in the same order as aiokafka does.
        """
        producer = batch.producer_id
        if producer is None:
            return False
        fetched = self._fetched
        fetched._consume_aborted_up_to(batch.base_offset)  # noqa: SLF001
        if batch.is_control_batch:
            if fetched._contains_abort_marker(batch):  # noqa: SLF001
                fetched._aborted_producers.discard(producer)  # noqa: SLF001
            return True
        return batch.is_transactional and producer in fetched._aborted_producers  # noqa: SLF001


class FetchBuffer(OrderedDict[TopicPartition, Any]):
    """The buffer of aiokafka's fetcher, with batches instead of records.

    Parameters
    ----------
    on_fetched
        Called when there is something new.
    """

    def __init__(self, on_fetched: Callable[[], None]) -> None:
        super().__init__()
        self._on_fetched = on_fetched

    def __setitem__(self, tp: TopicPartition, result: Any) -> None:
        """Store a result or an error."""
        if isinstance(result, fetcher.FetchResult):
            fetched = result._partition_records  # noqa: SLF001
            result._partition_records = RecordBatches(tp, fetched)  # noqa: SLF001
        super().__setitem__(tp, result)
        self._on_fetched()
