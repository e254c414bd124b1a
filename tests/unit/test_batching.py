"""Runs: every fetched record is handed on once and in order."""

import asyncio
from dataclasses import dataclass

from aiokafka.structs import ConsumerRecord
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.stream.batching import RecordRun, RunScheduler
from anomaly_app.stream.inbox import Inbox
from tests.support.factories import record

BATCHED = "transactions"
FIRST = TP(BATCHED, 0)


def fetched(
    offsets: list[int], *, topic: str = BATCHED, partition: int = 0
) -> list[ConsumerRecord]:
    return [record(b"{}", offset=o, topic=topic, partition=partition) for o in offsets]


def runs_of(scheduler: RunScheduler, offsets: list[int]) -> list[tuple[int, list[int]]]:
    handed_on = scheduler.iterate({FIRST: fetched(offsets)})
    return [(run.offset, [r.offset for r in run.value]) for _, run in handed_on]


def test_a_run_holds_what_has_arrived_and_has_its_last_offset() -> None:
    scheduler = RunScheduler(sizes={BATCHED: 100})
    assert runs_of(scheduler, [5, 6, 9]) == [(9, [5, 6, 9])]


def test_a_run_has_a_largest_size() -> None:
    scheduler = RunScheduler(sizes={BATCHED: 2})
    assert runs_of(scheduler, [5, 6, 7, 8, 9]) == [(6, [5, 6]), (8, [7, 8]), (9, [9])]


def test_partitions_take_turns() -> None:
    scheduler = RunScheduler(sizes={BATCHED: 1})
    handed_on = scheduler.iterate({TP(BATCHED, p): fetched([7, 8], partition=p) for p in (0, 1)})
    assert [(tp.partition, run.offset) for tp, run in handed_on] == [(0, 7), (1, 7), (0, 8), (1, 8)]


def test_each_topic_has_a_size_of_its_own() -> None:
    scheduler = RunScheduler(sizes={BATCHED: 100, "anomalies": 1})
    handed_on = scheduler.iterate(
        {FIRST: fetched([1, 2]), TP("anomalies", 0): fetched([3, 4], topic="anomalies")}
    )
    assert sorted((tp.topic, len(run.value)) for tp, run in handed_on) == [
        ("anomalies", 1),
        ("anomalies", 1),
        (BATCHED, 2),
    ]


@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=8), min_size=1, max_size=6),
    st.integers(1, 5),
)
def test_every_record_is_handed_on_once_and_in_order(steps: list[list[int]], size: int) -> None:
    scheduler = RunScheduler(sizes={BATCHED: size})
    offset, expected, found = -1, [], []
    for fetch in steps:
        offsets = [offset := offset + step for step in fetch]
        expected += offsets
        for _, run in scheduler.iterate({FIRST: fetched(offsets)}):
            assert isinstance(run, RecordRun)
            assert len(run.value) <= size
            assert run.offset == run.value[-1].offset
            found += [r.offset for r in run.value]
    assert found == expected


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
