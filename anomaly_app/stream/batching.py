"""Whole runs of records as single Faust events.

Faust spends more than 100 µs of CPU on every event before an agent sees it, and aiokafka more
than 1 µs on every record that it unpacks. So records are unpacked here, all that was fetched of
a partition at once, and handed to Faust as one *run*, dressed as a single record with the offset
of the run's last. The topic's schema gives the agent the run.

Confirming a record of a run commits up to it (`stream/consumer.py`). That is sound as long as
the runs of a partition are worked on in order, as the agents do.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition
from faust import Schema
from faust.types import AppT, Message


class Record(msgspec.Struct, gc=False):
    """A record as it was fetched from Kafka: a fifth of the cost of aiokafka's own."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since the epoch."""
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class RecordRun:
    """Records of one partition in order, dressed as one record for Faust's consumer."""

    topic: str
    partition: int
    offset: int
    value: list[Record]
    timestamp: int | None = None
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()
    key: bytes | None = None
    checksum: bytes | None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0


class PartitionRuns:
    """What was fetched of a partition, in runs; takes the place of aiokafka's record by record.

    Transactions are not looked at: records of aborted ones are read like any other, as
    ``read_uncommitted`` is.

    Parameters
    ----------
    tp
        The partition.
    fetched
        What aiokafka made of the answer: its bytes, and the offset that was asked for.
    size
        Records in a run at most.
    """

    def __init__(self, tp: TopicPartition, fetched: PartitionRecords, *, size: int) -> None:
        self.next_fetch_offset: int = fetched.next_fetch_offset
        """Behind the last run that was taken; aiokafka's position in the partition."""
        self._tp = tp
        self._batches = fetched._records  # noqa: SLF001
        self._size = size
        self._runs = self._read()

    def __iter__(self) -> Iterator[RecordRun]:
        """Go on with the runs that have not been taken.

        Raises
        ------
        CorruptRecordException
            A checksum is wrong.
        """
        return self._runs

    def _read(self) -> Iterator[RecordRun]:
        waiting: list[Record] = []
        first, end = self.next_fetch_offset, self.next_fetch_offset
        while self._batches.has_next():
            batch = self._batches.next_batch()
            if not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if not batch.is_control_batch:
                waiting += self._unpack(batch, first)
            end = batch.next_offset
            while len(waiting) >= self._size:
                yield self._run(waiting[: self._size])
                del waiting[: self._size]
        if waiting:
            yield self._run(waiting)
        # Behind what compaction took away, or a transaction's marker.
        self.next_fetch_offset = max(end, self.next_fetch_offset)

    def _unpack(self, batch: Any, first: int) -> list[Record]:
        topic, partition = self._tp
        records = [Record(topic, partition, r.offset, r.timestamp, r.key, r.value) for r in batch]
        if records and records[0].offset < first:
            # The offset that was asked for lies within the batch.
            return [record for record in records if record.offset >= first]
        return records

    def _run(self, records: list[Record]) -> RecordRun:
        offset = records[-1].offset
        self.next_fetch_offset = offset + 1
        return RecordRun(self._tp.topic, self._tp.partition, offset, records)


class BatchedResults(OrderedDict[TopicPartition, Any]):
    """What aiokafka's fetcher keeps until it is asked: of some topics, runs.

    Parameters
    ----------
    sizes
        For each topic that is batched, records in a run at most. A run holds whatever has
        arrived for a partition: it grows under load, and is one record when little comes in.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self._sizes = sizes

    def __setitem__(self, tp: TopicPartition, result: Any) -> None:
        """Keep a result, or an error."""
        size = self._sizes.get(tp.topic)
        if size is not None and isinstance(result, FetchResult):
            fetched = result._partition_records  # noqa: SLF001
            result._partition_records = PartitionRuns(tp, fetched, size=size)  # noqa: SLF001
        super().__setitem__(tp, result)


class RunSchema(Schema[Any, Any]):
    """Give an agent the run of records itself, undecoded."""

    def loads_key(self, app: AppT, message: Message, **_: Any) -> None:  # noqa: ARG002
        """Return nothing: the records of a run have their own keys."""
        return

    def loads_value(self, app: AppT, message: Message, **_: Any) -> Any:  # noqa: ARG002
        """Return the records of a run, a list."""
        return message.value
