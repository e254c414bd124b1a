"""Runs: every fetched record is handed on once and in order."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka.consumer.fetcher import FetchError, FetchResult
from aiokafka.errors import CorruptRecordException, UnknownError
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.stream.batching import BatchedResults, PartitionRuns
from anomaly_app.stream.inbox import Inbox
from tests.support.fetches import TOPIC, Sent, batch, in_runs, one_by_one


def offsets_in(runs: PartitionRuns) -> list[list[int]]:
    return [[record.offset for record in run.value] for run in runs]


def sent(*offsets: int) -> bytes:
    return batch([Sent(offset) for offset in offsets])


def test_a_run_holds_what_has_arrived_and_has_its_last_offset() -> None:
    [run] = in_runs(sent(5, 6) + sent(9), size=100, start=5)
    assert [record.offset for record in run.value] == [5, 6, 9]
    assert (run.topic, run.partition, run.offset) == (TOPIC, 0, 9)


def test_a_run_has_a_largest_size() -> None:
    assert offsets_in(in_runs(sent(5, 6, 7, 8, 9), size=2)) == [[5, 6], [7, 8], [9]]


def test_the_position_is_behind_the_runs_that_were_taken() -> None:
    runs = in_runs(sent(5, 6, 7) + sent(8, 9), size=2, start=5)
    assert runs.next_fetch_offset == 5
    taken = iter(runs)
    next(taken)
    assert runs.next_fetch_offset == 7
    assert offsets_in(runs) == [[7, 8], [9]]
    assert runs.next_fetch_offset == 10


def test_a_batch_that_begins_before_what_was_asked_for_is_read_from_there() -> None:
    assert offsets_in(in_runs(sent(5, 6, 7, 8), size=100, start=7)) == [[7, 8]]
    assert offsets_in(in_runs(sent(5, 6), size=100, start=7)) == []


def test_the_marker_of_a_transaction_is_passed_over() -> None:
    marker = batch([Sent(6, b"\0\0\0\1", b"\0\0\0\0\0\0")], control=True)
    runs = in_runs(sent(5) + marker, size=100, start=5)
    assert offsets_in(runs) == [[5]]
    assert runs.next_fetch_offset == 7


def test_a_wrong_checksum_is_an_error_that_names_the_partition() -> None:
    broken = bytearray(sent(5, 6))
    broken[-1] ^= 1
    with pytest.raises(CorruptRecordException, match="transactions"):
        offsets_in(in_runs(bytes(broken), size=100))


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(1, 4), st.none() | st.binary(max_size=4), st.none() | st.binary()
            ),
            min_size=1,
            max_size=8,
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 5),
    st.integers(0, 30),
)
def test_runs_hold_what_aiokafka_reads_one_by_one(
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
    runs = in_runs(answer, size=size, start=start)
    found = []
    for run in runs:
        assert len(run.value) <= size
        assert run.offset == run.value[-1].offset
        found += [(r.offset, r.timestamp, r.key, r.value) for r in run.value]
    assert found == expected
    assert runs.next_fetch_offset == alone.next_fetch_offset


def result(tp: TopicPartition) -> Any:
    fetched = one_by_one(sent(1, 2, 3), start=1)
    return FetchResult(tp, assignment=None, partition_records=fetched, backoff=0)


def test_only_topics_with_a_size_are_read_in_runs() -> None:
    results = BatchedResults({TOPIC: 2, "anomalies": 1})
    for topic in (TOPIC, "anomalies", "other"):
        results[TopicPartition(topic, 0)] = result(TopicPartition(topic, 0))
    lengths = {tp.topic: len(list(kept._partition_records)) for tp, kept in results.items()}
    assert lengths == {TOPIC: 2, "anomalies": 3, "other": 3}


def test_errors_are_kept_as_they_are() -> None:
    error = FetchError(error=UnknownError(), backoff=0)
    results = BatchedResults({TOPIC: 2})
    results[TopicPartition(TOPIC, 0)] = error
    assert results[TopicPartition(TOPIC, 0)] is error


@dataclass
class Waiting:
    value: tuple[object, ...]


def take_all(sizes: list[int], batch_size: int) -> list[list[int]]:
    async def run() -> list[list[int]]:
        inbox: Inbox[Waiting] = Inbox(batch_size)
        for size in sizes:
            await inbox.put(Waiting((None,) * size))
        taken: list[list[int]] = []
        while sum(map(len, taken)) < len(sizes):
            taken.append([len(waiting.value) for waiting in await inbox.take()])
        return taken

    return asyncio.run(run())


def test_all_that_waits_is_taken_together_up_to_the_batch_size() -> None:
    assert take_all([1, 2, 3], batch_size=100) == [[1, 2, 3]]
    assert take_all([4, 4, 4], batch_size=8) == [[4, 4], [4]]
    assert take_all([9, 1], batch_size=8) == [[9], [1]]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(1, 12))
def test_what_is_put_in_comes_out_in_order(sizes: list[int], batch_size: int) -> None:
    taken = take_all(sizes, batch_size)
    assert [size for batch in taken for size in batch] == sizes
    assert all(sum(batch) <= max(batch_size, batch[0]) for batch in taken)
