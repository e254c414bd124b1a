"""Records as they come out of Kafka's bytes.

aiokafka unpacks record by record, at more than 1 µs each. Here what was fetched stays in the
batches that producers made, in Kafka's own bytes, until an agent is ready for it: so what waits
takes little memory, and what is unpacked is still in the processor's cache when it is decoded.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition


class Record(msgspec.Struct, gc=False):
    """A record as it was fetched from Kafka: a fifth of the cost of aiokafka's own."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since the epoch."""
    key: bytes | None
    value: bytes | None


class Run(NamedTuple):
    """Records of one partition, in order."""

    topic: str
    partition: int
    offset: int
    """That of the last record."""
    records: list[Record]


def records_of(runs: Iterable[Run]) -> Iterator[Record]:
    """Go through the records of some runs, in order."""
    return chain.from_iterable(run.records for run in runs)


class Packed(NamedTuple):
    """A batch of records of one partition, in Kafka's own bytes."""

    topic: str
    partition: int
    first: int
    """The first offset that is asked for; the batch may begin before it."""
    end: int
    """The offset behind the batch."""
    batch: Any
    """aiokafka's reader."""

    def unpack(self) -> list[Record]:
        """Read the records; compaction may have left none."""
        topic, partition, first, _, batch = self
        records = [Record(topic, partition, r.offset, r.timestamp, r.key, r.value) for r in batch]
        if records and records[0].offset < first:
            return [record for record in records if record.offset >= first]
        return records


class PackedRecords:
    """What was fetched of a partition, batch by batch; in place of aiokafka's record by record.

    Transactions are not looked at: records of aborted ones are read like any other, as
    ``read_uncommitted`` is.

    Parameters
    ----------
    tp
        The partition.
    fetched
        What aiokafka made of the answer: its bytes, and the offset that was asked for.
    """

    def __init__(self, tp: TopicPartition, fetched: PartitionRecords) -> None:
        self.next_fetch_offset: int = fetched.next_fetch_offset
        """Behind the last batch that was taken; aiokafka's position in the partition."""
        self._tp = tp
        self._batches = fetched._records  # noqa: SLF001
        # It refers back to `fetched`, whose megabytes would wait for the garbage collector.
        fetched._records_iterator = None  # noqa: SLF001

    def __iter__(self) -> Iterator[Packed]:
        """Go on with the batches that have not been taken.

        Raises
        ------
        CorruptRecordException
            A checksum is wrong.
        """
        topic, partition = self._tp
        while self._batches.has_next():
            batch = self._batches.next_batch()
            if not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            first, self.next_fetch_offset = self.next_fetch_offset, batch.next_offset
            if not batch.is_control_batch:
                yield Packed(topic, partition, first, batch.next_offset, batch)


class PackedResults(OrderedDict[TopicPartition, Any]):
    """What aiokafka's fetcher keeps until it is asked: batches in place of records.

    Parameters
    ----------
    on_fetched
        Called when there is something new.
    """

    def __init__(self, on_fetched: Callable[[], None]) -> None:
        super().__init__()
        self._on_fetched = on_fetched

    def __setitem__(self, tp: TopicPartition, result: Any) -> None:
        """Keep a result, or an error."""
        if isinstance(result, FetchResult):
            fetched = result._partition_records  # noqa: SLF001
            result._partition_records = PackedRecords(tp, fetched)  # noqa: SLF001
        super().__setitem__(tp, result)
        self._on_fetched()
