"""Batches: every fetched record is handed on once and in order."""

import struct
from typing import Any

import pytest
from aiokafka.consumer.fetcher import FetchError, FetchResult
from aiokafka.errors import CorruptRecordException, UnknownError
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.errors import UnreadableBatch
from anomaly_app.kafka.consumer.inbox import Inbox
from anomaly_app.kafka.consumer.record_batches import CODECS, FetchBuffer, RecordBatches
from tests.support.fetches import (
    ABORT,
    ATTRIBUTES,
    COMMIT,
    CRC,
    LENGTH,
    RECORDS,
    TOPIC,
    Sent,
    batch,
    batches_in,
    marker,
    one_by_one,
)

TP = TopicPartition(TOPIC, 0)


def sent(*offsets: int) -> bytes:
    return batch([Sent(offset) for offset in offsets])


def offsets_in(fetched: RecordBatches) -> list[list[int]]:
    return [[record.offset for record in kafka_batch.unpack()] for kafka_batch in fetched]


def inbox_with(*answers: bytes, size: int, start: int = 0) -> Inbox:
    inbox = Inbox({TOPIC: size, "anomalies": 1})
    for partition, answer in enumerate(answers):
        for kafka_batch in batches_in(answer, start=start, partition=partition):
            inbox.put(kafka_batch)
    return inbox


def taken(inbox: Inbox) -> list[tuple[int, int, list[int]]]:
    partitions = inbox.take(TOPIC)
    return [(one.partition, one.end, [r.offset for r in one.records]) for one in partitions]


def test_what_was_fetched_stays_in_the_batches_of_the_producer() -> None:
    assert offsets_in(batches_in(sent(5, 6) + sent(9))) == [[5, 6], [9]]


def test_the_position_is_behind_the_batches_that_were_taken() -> None:
    fetched = batches_in(sent(5, 6, 7) + sent(8, 9), start=5)
    assert fetched.next_fetch_offset == 5
    next(iter(fetched))
    assert fetched.next_fetch_offset == 8
    assert offsets_in(fetched) == [[8, 9]]
    assert fetched.next_fetch_offset == 10


def test_a_batch_that_begins_before_what_was_asked_for_is_read_from_there() -> None:
    assert offsets_in(batches_in(sent(5, 6, 7, 8), start=7)) == [[7, 8]]
    assert offsets_in(batches_in(sent(5, 6), start=7)) == [[]]


def test_the_marker_of_a_transaction_is_a_range_without_records() -> None:
    records = batch([Sent(5)], producer=1)
    fetched = batches_in(records + marker(6, COMMIT, 1), start=5)
    assert offsets_in(fetched) == [[5], []]
    assert fetched.next_fetch_offset == 7


def test_records_of_an_aborted_transaction_are_a_range_without_records() -> None:
    mine = [batch([Sent(5), Sent(6)], producer=1), batch([Sent(9)], producer=1)]
    other = batch([Sent(7)], producer=2)
    answer = mine[0] + other + marker(8, ABORT, 1) + mine[1]
    assert offsets_in(batches_in(answer, start=5, aborted=[(1, 5)])) == [[], [7], [], [9]]


def test_ranges_without_records_are_done_when_what_is_before_them_is() -> None:
    answer = sent(5) + marker(6, COMMIT, 1)
    assert taken(inbox_with(answer, size=100, start=5)) == [(0, 6, [5]), (0, 7, [])]


@pytest.mark.parametrize("codec", range(1, 5), ids=CODECS[1:])
def test_compressed_batches_are_unpacked(codec: int) -> None:
    records = [Sent(offset, value=b"a value " * 50) for offset in range(300)]
    compressed = batch(records, codec=codec)
    assert len(compressed) < len(batch(records)) / 2
    [found] = [kafka_batch.unpack() for kafka_batch in batches_in(compressed)]
    assert [(r.offset, r.value) for r in found] == [(r.offset, r.value) for r in records]


def test_a_batch_that_cannot_be_decompressed_is_an_error_that_names_its_place() -> None:
    damaged = bytearray(batch([Sent(5), Sent(6)], codec=4))
    damaged[RECORDS:] = b"not zstd"
    damaged[CRC:ATTRIBUTES] = struct.pack(">I", calc_crc32c(bytes(damaged[ATTRIBUTES:])))
    damaged[LENGTH : LENGTH + 4] = struct.pack(">i", len(damaged) - LENGTH - 4)
    [kafka_batch] = batches_in(bytes(damaged), start=5)
    with pytest.raises(UnreadableBatch, match=f"{TOPIC} partition 0 offsets 5 to 6.*zstd"):
        kafka_batch.unpack()


def test_a_wrong_checksum_is_an_error_that_names_the_partition() -> None:
    broken = bytearray(sent(5, 6))
    broken[-1] ^= 1
    with pytest.raises(CorruptRecordException, match=TOPIC):
        offsets_in(batches_in(bytes(broken)))


def test_all_that_waits_is_taken_together() -> None:
    inbox = inbox_with(sent(5, 6) + sent(9), sent(3), size=100)
    assert taken(inbox) == [(0, 7, [5, 6]), (0, 10, [9]), (1, 4, [3])]
    assert taken(inbox) == []


def test_what_is_too_much_for_one_batch_stays_for_the_next() -> None:
    inbox = inbox_with(sent(5, 6, 7, 8, 9), sent(3), size=2)
    assert taken(inbox) == [(0, 7, [5, 6])]
    assert taken(inbox) == [(0, 9, [7, 8])]
    assert taken(inbox) == [(0, 10, [9]), (1, 4, [3])]


def test_there_is_room_until_a_whole_batch_waits() -> None:
    assert TOPIC in inbox_with(sent(0, 1), size=3).topics_with_room()
    full = inbox_with(sent(0, 1), sent(0), size=3)
    assert full.topics_with_room() == ["anomalies"]
    full.take(TOPIC)
    assert TOPIC in full.topics_with_room()


def test_what_is_left_of_a_batch_takes_room() -> None:
    inbox = inbox_with(sent(5, 6, 7, 8), size=2)
    inbox.take(TOPIC)
    assert TOPIC not in inbox.topics_with_room()


def test_a_seek_leaves_nothing_behind() -> None:
    inbox = inbox_with(sent(5, 6, 7), sent(3), size=2)
    inbox.take(TOPIC)
    inbox.clear()
    assert taken(inbox) == []


SENT = st.lists(
    st.lists(
        st.tuples(st.integers(1, 4), st.none() | st.binary(max_size=4), st.none() | st.binary()),
        min_size=1,
        max_size=8,
    ),
    min_size=1,
    max_size=6,
)


@given(SENT, st.integers(1, 5), st.integers(0, 30))
def test_batches_hold_what_aiokafka_reads_one_by_one(
    batches: list[list[tuple[int, bytes | None, bytes | None]]], size: int, start: int
) -> None:
    offset, answer = -1, b""
    for contents in batches:
        records = [Sent(offset := offset + step, key, value) for step, key, value in contents]
        answer += batch(records)
    # A broker's answer begins with the batch that holds what was asked for.
    start = min(start, sum(step for step, _, _ in batches[0]) - 1)
    alone = one_by_one(answer, start=start)
    expected = [(r.offset, r.timestamp, r.key, r.value) for r in alone]
    inbox, fetched = Inbox({TOPIC: size}), batches_in(answer, start=start)
    for kafka_batch in fetched:
        inbox.put(kafka_batch)
    assert fetched.next_fetch_offset == alone.next_fetch_offset
    found: list[Any] = []
    while partitions := inbox.take(TOPIC):
        assert sum(len(one.records) for one in partitions) <= size
        assert all(not one.records or one.end == one.records[-1].end for one in partitions)
        found += [
            (r.offset, r.timestamp, r.key, r.value) for one in partitions for r in one.records
        ]
    assert found == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["plain", "records", "commit", "abort"]),
            st.integers(1, 3),
            st.integers(1, 3),
        ),
        max_size=25,
    ),
    st.integers(0, 40),
)
def test_of_transactions_the_same_is_read_as_aiokafka_does(
    steps: list[tuple[str, int, int]], start: int
) -> None:
    offset, answer = 0, b""
    begun: dict[int, int] = {}
    aborted = []
    ends = [0]
    for kind, producer, count in steps:
        if kind in {"plain", "records"}:
            records = [Sent(offset + n) for n in range(count)]
            if kind == "records":
                begun.setdefault(producer, offset)
            answer += batch(records, producer=producer if kind == "records" else None)
            offset += count
        else:
            first = begun.pop(producer, None)
            if kind == "abort" and first is not None:
                aborted.append((producer, first))
            answer += marker(offset, ABORT if kind == "abort" else COMMIT, producer)
            offset += 1
        ends.append(offset)
    start = max(end for end in ends if end <= start)
    ours = batches_in(answer, start=start, aborted=aborted)
    theirs = one_by_one(answer, start=start, aborted=aborted)
    inbox = Inbox({TOPIC: 10_000})
    for kafka_batch in ours:
        inbox.put(kafka_batch)
    partitions = inbox.take(TOPIC)
    assert [r.offset for one in partitions for r in one.records] == [r.offset for r in theirs]
    assert ours.next_fetch_offset == theirs.next_fetch_offset
    assert [one.end for one in partitions] == ends[1:]


def test_what_aiokafka_keeps_is_packed_and_announced() -> None:
    announced: list[int] = []
    kept = FetchBuffer(lambda: announced.append(len(kept)))
    fetched = one_by_one(sent(1, 2, 3), start=1)
    result = FetchResult(TP, assignment=None, partition_records=fetched, backoff=0)
    kept[TP] = result
    assert offsets_in(kept[TP]._partition_records) == [[1, 2, 3]]
    assert announced == [1]


def test_errors_are_kept_as_they_are() -> None:
    error = FetchError(error=UnknownError(), backoff=0)
    kept = FetchBuffer(lambda: None)
    kept[TP] = error
    assert kept[TP] is error
