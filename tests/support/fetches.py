"""What a broker answers to a fetch: batches of records, in Kafka's own bytes."""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from anomaly_app.kafka.consumer.record_batches import RecordBatches

TOPIC = "transactions"

LENGTH, CRC, ATTRIBUTES, RECORDS = 8, 17, 21, 61
"""Places in a batch's head; the checksum is over all from the attributes on."""

CONTROL = 0x20


class Sent(NamedTuple):
    """A record as the broker keeps it."""

    offset: int
    key: bytes | None = b"k"
    value: bytes | None = b"{}"


def batch(
    records: Sequence[Sent], *, control: bool = False, producer: int | None = None, codec: int = 0
) -> bytes:
    """Write records, with gaps where their offsets have some, as one batch.

    With a producer's id they belong to a transaction of that producer.
    """
    transactional, number = int(producer is not None), -1 if producer is None else producer
    builder = DefaultRecordBatchBuilder(2, codec, transactional, number, 0, 0, 10_000_000)
    first = records[0].offset
    for offset, key, value in records:
        builder.append(offset - first, 1_767_268_800_000 + offset, key, value, [])
    built = bytearray(builder.build())
    built[:8] = struct.pack(">q", first)
    if control:
        (attributes,) = struct.unpack_from(">h", built, ATTRIBUTES)
        struct.pack_into(">h", built, ATTRIBUTES, attributes | CONTROL)
    struct.pack_into(">I", built, CRC, calc_crc32c(bytes(built[ATTRIBUTES:])))
    return bytes(built)


ABORT, COMMIT = 0, 1


def marker(offset: int, kind: int, producer: int) -> bytes:
    """Write what the broker leaves where a transaction ends."""
    key, value = struct.pack(">hh", 0, kind), struct.pack(">hi", 0, 0)
    return batch([Sent(offset, key, value)], control=True, producer=producer)


def one_by_one(
    answer: bytes,
    *,
    start: int = 0,
    partition: int = 0,
    aborted: Sequence[tuple[int, int]] = (),
) -> PartitionRecords:
    """Read committed records of an answer as aiokafka does.

    `aborted` are the producers and first offsets of transactions that were aborted.
    """
    tp = TopicPartition(TOPIC, partition)
    records: Any = MemoryRecords(answer)
    return PartitionRecords(tp, records, list(aborted), start, None, None, True, READ_COMMITTED)


def batches_in(
    answer: bytes,
    *,
    start: int = 0,
    partition: int = 0,
    aborted: Sequence[tuple[int, int]] = (),
) -> RecordBatches:
    """Read an answer as the app does."""
    fetched = one_by_one(answer, start=start, partition=partition, aborted=aborted)
    return RecordBatches(TopicPartition(TOPIC, partition), fetched)
