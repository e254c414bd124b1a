"""What a broker answers to a fetch: batches of records, in Kafka's own bytes."""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from anomaly_app.stream.batching import PackedRecords

TOPIC = "transactions"

CRC, ATTRIBUTES = 17, 21
"""Places in a batch's head; the checksum is over all from the attributes on."""

CONTROL = 0x20


class Sent(NamedTuple):
    """A record as the broker keeps it."""

    offset: int
    key: bytes | None = b"k"
    value: bytes | None = b"{}"


def batch(records: Sequence[Sent], *, control: bool = False) -> bytes:
    """Write records, with gaps where their offsets have some, as one batch."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000_000)
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


def one_by_one(answer: bytes, *, start: int = 0, partition: int = 0) -> PartitionRecords:
    """Read an answer as aiokafka does."""
    tp = TopicPartition(TOPIC, partition)
    records: Any = MemoryRecords(answer)
    return PartitionRecords(tp, records, [], start, None, None, True, 0)


def packed(answer: bytes, *, start: int = 0, partition: int = 0) -> PackedRecords:
    """Read an answer as the app does."""
    fetched = one_by_one(answer, start=start, partition=partition)
    return PackedRecords(TopicPartition(TOPIC, partition), fetched)
