"""Fetching: what has come is taken once and in order, when there is room for it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException
from faust.types import TP

from anomaly_app.kafka.consumer import Gap
from anomaly_app.kafka.consumer.client_internals import configure, fetch_batches
from anomaly_app.kafka.consumer.fetch_protocol import CompactRequest
from anomaly_app.kafka.consumer.fetching import LINGER_BELOW
from tests.support.fetches import TOPIC
from tests.support.fetching import LINGER, OTHER_TOPIC, SIZES, Fetching, fetching

FIRST, SECOND, OTHER = TP(TOPIC, 0), TP(TOPIC, 1), TP(OTHER_TOPIC, 0)

SECONDS = 10.0
"""Of waiting at most for what a test expects."""


async def taken(it: Fetching, topic: str = TOPIC) -> list[int]:
    """Wait until something has arrived, and give its offsets."""
    await it.arrived.wait(SECONDS)
    return it.waiting(topic)


async def test_what_has_come_is_put_into_the_inbox_and_announced() -> None:
    async with fetching() as it:
        await it.assign(FIRST, position=5)
        it.answer(FIRST, [5, 6, 7])
        assert await taken(it) == [5, 6, 7]
        it.answer(FIRST, [8])
        assert await taken(it) == [8]
        assert it.gaps == []


async def test_nothing_more_is_taken_than_there_is_room_for_until_some_is_handed_on() -> None:
    async with fetching() as it:
        await it.assign(FIRST)
        it.answer(FIRST, range(SIZES[TOPIC]))
        await it.arrived.wait(SECONDS)
        it.answer(FIRST, [10, 11])
        assert await it.thread._fill() == 0
        assert it.kept == 1
        assert it.waiting() == [*range(SIZES[TOPIC])]
        # That has woken the thread.
        assert await taken(it) == [10, 11]


async def test_a_topic_without_room_holds_up_no_other() -> None:
    async with fetching() as it:
        await it.assign(FIRST, OTHER)
        it.answer(OTHER, [0, 1])
        await it.arrived.wait(SECONDS)
        it.answer(OTHER, [2])
        it.answer(FIRST, [0, 1])
        assert await taken(it) == [0, 1]
        assert it.waiting(OTHER_TOPIC) == [0, 1]
        assert await taken(it, OTHER_TOPIC) == [2]


async def test_only_partitions_that_are_asked_for_are_fetched() -> None:
    async with fetching() as it:
        await it.assign(FIRST, SECOND)
        it.thread.fetch_from(frozenset({SECOND}))
        it.answer(FIRST, [0, 1])
        it.answer(SECOND, [0])
        assert await taken(it) == [0]
        it.thread.fetch_from(frozenset({FIRST}))
        assert await taken(it) == [0, 1]


async def test_nothing_is_taken_during_a_seek_and_nothing_of_before_is_left_behind() -> None:
    async with fetching() as it:
        await it.assign(FIRST)
        it.answer(FIRST, [0, 1])
        await it.arrived.wait(SECONDS)
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def seek() -> str:
            begun.set()
            await go_on.wait()
            it.client.seek(FIRST, 7)
            return "done"

        seeking = asyncio.ensure_future(it.thread._without_fetching(seek))
        await begun.wait()
        it.answer(FIRST, [2, 3])
        assert await it.thread._fill() == 0
        assert it.kept == 1
        go_on.set()
        assert await seeking == "done"
        assert it.waiting() == []
        # What came for the old position is dropped by aiokafka.
        assert await it.thread._fill() == 0
        it.answer(FIRST, [7])
        assert await taken(it) == [7]


async def test_a_seek_to_where_the_group_has_committed_leaves_alone_what_has_no_commit() -> None:
    async with fetching() as it:
        await it.assign(FIRST, SECOND, position=3)
        it.client.assignment = lambda: {FIRST, SECOND}
        committed = {FIRST: 0, SECOND: None}

        async def offset_of(tp: TP) -> int | None:
            return committed[tp]

        it.client.committed = offset_of
        assert await it.thread.seek_to_committed() == committed
        assignment = it.client._subscription.subscription.assignment
        assert [assignment.state_value(tp).position for tp in (FIRST, SECOND)] == [0, 3]


async def test_a_fault_ends_the_fetching_and_is_raised_where_the_consumer_looks() -> None:
    async with fetching() as it:
        await it.assign(FIRST)
        it.thread.raise_fault()
        it.answer(FIRST, [0, 1], broken=True)
        await it.arrived.wait(SECONDS)
        with pytest.raises(CorruptRecordException, match=TOPIC):
            it.thread.raise_fault()
        it.answer(FIRST, [0, 1])
        await it.stop()
        assert it.waiting() == []


@pytest.mark.parametrize(
    ("count", "pause"), [(1, LINGER), (LINGER_BELOW - 1, LINGER), (LINGER_BELOW, 0.0)]
)
async def test_the_next_fetch_lingers_after_a_few_records_only(count: int, pause: float) -> None:
    async with fetching() as it:
        await it.assign(FIRST)
        it.answer(FIRST, range(count))
        await it.arrived.wait(SECONDS)
        assert it.thread._pause == pause


async def test_a_request_is_sent_after_the_pause_that_is_due_and_is_compact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story: list[Any] = []

    async def send(assignment: Any, node: int, request: Any) -> bool:
        story.append((assignment, node, type(request)))
        return True

    async def sleep(seconds: float) -> None:
        story.append(seconds)
        if seconds < 0:
            raise asyncio.CancelledError

    pauses = [0.005, 0.0, -1.0]
    fetcher = SimpleNamespace(_proc_fetch_request=send)
    client = SimpleNamespace(_fetcher=fetcher)
    fetch_batches(client, on_fetched=lambda: None, pause=lambda: pauses.pop(0))
    monkeypatch.setattr(asyncio, "sleep", sleep)
    asked = SimpleNamespace()
    assert await fetcher._proc_fetch_request("assignment", 3, asked)
    assert await fetcher._proc_fetch_request("assignment", 3, asked)
    # A rebalance cancels the pause: aiokafka's own raises nothing then, either.
    assert not await fetcher._proc_fetch_request("assignment", 3, asked)
    sent = ("assignment", 3, CompactRequest)
    assert story == [0.005, sent, 0.0, sent, -1.0]


async def test_a_gap_is_reported_counts_as_done_and_is_followed_by_what_is_behind_it() -> None:
    async with fetching() as it:
        await it.assign(FIRST, position=5)
        it.seek_by_broker(FIRST, 9)
        it.answer(FIRST, [9])
        await it.arrived.wait(SECONDS)
        assert it.gaps == [Gap(TOPIC, 0, 5, 9)]
        ends = [(found.end, len(found.records)) for found in it.inbox.take(TOPIC)]
        assert ends == [(9, 0), (10, 1)]


async def test_a_gap_with_nothing_behind_it_is_noticed_as_well() -> None:
    async with fetching() as it:
        await it.assign(FIRST, position=5)
        it.seek_by_broker(FIRST, 9)
        it.thread._next_look = 0.0
        await it.thread._fill()
        await it.thread._fill()
        assert it.gaps == [Gap(TOPIC, 0, 5, 9)]
        [found] = it.inbox.take(TOPIC)
        assert (found.end, found.records) == (9, [])


async def test_a_topic_that_was_made_anew_is_reported_and_read_from_its_beginning() -> None:
    async with fetching() as it:
        await it.assign(FIRST, position=5)
        it.seek_by_broker(FIRST, 0)
        it.answer(FIRST, [0])
        assert await taken(it) == [0]
        assert it.gaps == [Gap(TOPIC, 0, 5, 0)]


async def test_nothing_is_taken_between_the_partitions_of_before_a_rebalance_and_those_after() -> (
    None
):
    async with fetching() as it:
        await it.assign(FIRST)
        await it.thread.on_partitions_revoked({FIRST})
        it.answer(FIRST, [0, 1])
        assert await it.thread._fill() == 0
        await it.assign(SECOND, position=7)
        it.answer(SECOND, [7])
        assert await taken(it) == [7]
        assert it.gaps == []


async def test_nothing_is_taken_before_the_first_assignment_nor_after_a_new_subscription() -> None:
    async with fetching() as it:
        it.thread.fetch_from(frozenset({FIRST}))
        # aiokafka would wait here until there is an assignment.
        assert await asyncio.wait_for(it.thread._fill(), SECONDS) == 0
        await it.assign(FIRST)

        def subscribe(topics: set[str], listener: object) -> None:
            it.client._subscription.subscribe(topics, listener)

        async def call(function: Any, **options: Any) -> None:
            function(**options)

        it.thread.call_thread = call
        await it.thread.subscribe([TOPIC])
        assert await asyncio.wait_for(it.thread._fill(), SECONDS) == 0


async def test_a_stop_ends_the_fetching_and_leaves_what_has_come() -> None:
    async with fetching() as it:
        await it.assign(FIRST)
        it.thread.fetch_from(frozenset())
        it.answer(FIRST, [0, 1])
        await it.stop()
        assert it.kept == 1
        assert it.waiting() == []
        it.thread.raise_fault()


async def test_a_partition_can_be_read_up_to_its_last_stable_offset() -> None:
    async with fetching() as it:
        await it.assign(FIRST)
        state = it.client._subscription.subscription.assignment.state_value(FIRST)
        assert (it.thread.highwater(FIRST), it.thread.end_offset(FIRST)) == (None, None)
        state.highwater, state.lso = 9, 7
        assert (it.thread.highwater(FIRST), it.thread.end_offset(FIRST)) == (7, 9)
        # An old broker, which knows no transactions.
        state.lso = -1
        assert it.thread.highwater(FIRST) == 9


async def test_only_committed_records_are_read_and_a_fetch_waits_as_the_options_say() -> None:
    async with fetching() as it:
        configure(it.client, fetch_wait=0.25)
        assert it.client._fetch_max_wait_ms == 250
        assert it.client._isolation_level == "read_committed"
