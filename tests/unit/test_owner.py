"""Terms of the owner of the log, what it publishes, and samples of the traffic."""

import asyncio
import json
from typing import Any

import pytest

from anomaly_app.agents.sampling import sample_of
from anomaly_app.core.alerts.incident import Kind
from anomaly_app.incidents import owner as module
from anomaly_app.incidents.owner import Owner
from anomaly_app.incidents.publishing import LEARNING, Publishing
from anomaly_app.incidents.traffic import MOST, POOL, Traffic
from tests.support.factories import record, transaction
from tests.support.incidents import Timeline, policy
from tests.support.memory_app import MemoryApp
from tests.support.terms import FakeChannel, Log, receiver_of
from tests.support.waiting import eventually


class Owned:
    """An owner with one receiver, and a listener that runs as long as a term."""

    def __init__(self) -> None:
        self.log, self.channel = Log(policy(wait=0.0)), FakeChannel()
        self.listening = 0
        self.owner = Owner(self.log.hold(), [receiver_of(self.channel, self.log)], [self.listen])

    async def listen(self) -> None:
        self.listening += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.listening -= 1

    async def look(self) -> None:
        await self.owner.look()
        self.log.apply()
        if self.owner.term is not None:
            self.owner.term.change()


@pytest.fixture
async def owned() -> Any:
    made = Owned()
    yield made
    await made.owner.close()


async def test_a_term_begins_with_the_partition_and_ends_with_it(owned: Owned) -> None:
    owned.log.is_owned = False
    await owned.look()
    assert owned.owner.term is None
    owned.log.is_owned = True
    await owned.look()
    owned.log.see("card-1", 1)
    await owned.look()
    await eventually(lambda: owned.channel.told, lambda told: told == ["i-1 v1"])
    assert owned.listening == 1
    owned.log.is_owned = False
    await owned.look()
    await eventually(lambda: owned.listening, lambda count: count == 0)
    owned.log.see("card-2", 2, feature="hour")
    await owned.look()
    assert owned.channel.told == ["i-1 v1"]
    owned.log.is_owned, owned.log.generation = True, 2
    await owned.look()
    await eventually(lambda: owned.channel.told, lambda told: len(told) == 2)
    assert owned.channel.got[-1][1].is_uncertain


async def test_what_others_have_begun_settles_only_if_another_worker_may_have_had_the_log(
    owned: Owned,
) -> None:
    ends = []
    for generation in (1, 2, 4):
        owned.log.generation = generation
        await owned.look()
        owned.log.elapse(1.0)
        await owned.look()
        assert owned.owner.term is not None
        ends.append(owned.owner.term.others_until)
    now = owned.log.clock
    assert ends == [now - 3.0, float("-inf"), now - 1.0]


async def test_another_assignment_between_two_looks_is_another_term(owned: Owned) -> None:
    await owned.look()
    first = owned.owner.term
    owned.log.generation += 1
    await owned.look()
    assert owned.owner.term is not first
    assert owned.owner.term is not None


def held_up(owned: Owned, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Let attempts take until they may go on; give when one has begun, and what lets it go on."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    sound = owned.channel.deliver

    async def slowly(*args: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await sound(*args)

    monkeypatch.setattr(owned.channel, "deliver", slowly)
    return begun, go_on


async def test_a_stop_waits_for_an_attempt_that_is_under_way(
    owned: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = held_up(owned, monkeypatch)
    await owned.look()
    owned.log.see("card-1", 1)
    await owned.look()
    await begun.wait()
    closing = asyncio.ensure_future(owned.owner.close())
    await asyncio.sleep(0)
    assert not closing.done()
    go_on.set()
    await closing
    assert [outcome.result for outcome in owned.log.outcomes] == ["delivered"]


async def test_a_new_term_waits_for_the_attempt_of_the_one_before(
    owned: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = held_up(owned, monkeypatch)
    await owned.look()
    owned.log.see("card-1", 1)
    await owned.look()
    await begun.wait()
    # The group is made anew, and the log stays here.
    owned.log.generation += 1
    await owned.look()
    await owned.look()
    go_on.set()
    await eventually(lambda: owned.log.outcomes, lambda outcomes: len(outcomes) == 1)
    owned.log.apply()
    await owned.owner.close()
    assert owned.channel.told == ["i-1 v1"]


async def test_a_receiver_that_cannot_be_served_ends_the_worker(
    owned: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    exits: list[str] = []
    monkeypatch.setattr(module, "exit_without_commit", lambda where, _: exits.append(where))

    async def fail(_: Any) -> int:
        raise ConnectionError

    await owned.look()
    owned.log.see("card-1", 1)
    monkeypatch.setattr(owned.log, "append", fail)
    object.__setattr__(owned.owner.term.hold, "append", fail)  # type: ignore[union-attr]
    await owned.look()
    await eventually(lambda: exits, lambda found: found == ["delivering to team"])


def test_incidents_are_published_as_they_are_and_learning_when_it_changes() -> None:
    timeline, publishing = Timeline(policy(wait=0.0)), Publishing()
    timeline.see("card-1")
    messages = publishing.messages(timeline.state, timeline.effects, 1)
    member = b"member transactions-0-0"
    assert [message.key for message in messages] == [b"i-0", member, LEARNING]
    shown, joined, learning = (json.loads(message.value) for message in messages)
    assert (shown["kind"], shown["anomalies"], shown["status"]) == ("incident", 1, "open")
    assert shown["merged_into"] is None
    assert joined == {"anomaly": "transactions-0-0", "incident": "i-0"}
    assert learning["learning"] == "on"
    assert publishing.messages(timeline.state, [], 1) == []
    timeline.state.incidents["i-0"].kind = Kind.REGIME
    timeline.state.regime.incident = "i-0"
    [paused] = publishing.messages(timeline.state, [], 1)
    assert json.loads(paused.value) == {
        "learning": "paused",
        "since": "2026-01-06T12:00:00.000Z",
        "incident": "i-0",
    }
    timeline.state.regime.incident = ""
    [on] = publishing.messages(timeline.state, [], 1)
    assert json.loads(on.value)["learning"] == "on"
    # In another assignment somebody else may have published since.
    assert [one.key for one in publishing.messages(timeline.state, [], 2)] == [LEARNING]


def test_a_sample_is_small_whatever_the_traffic_is() -> None:
    traffic = Traffic()
    assert traffic.sample() == []
    for size in (1, 5, 4_096, 100_000):
        traffic.offer([record(transaction(), offset=n) for n in range(min(size, 4_096))])
    for _ in range(1_000):
        traffic.offer([record(transaction())] * 30)
    assert len(traffic._pool) <= POOL
    assert len(traffic.sample()) == MOST
    assert traffic.sample() == []
    traffic.offer([record(transaction())] * 3)
    assert len(traffic.sample()) == 3


def test_a_sample_has_entities_and_fields_and_leaves_out_what_is_no_transaction() -> None:
    from tests.unit.test_agents_in_memory import memory_app  # noqa: PLC0415

    app: MemoryApp = memory_app()
    records = [
        record(transaction(5.0, "food", entity="card-7")),
        record(b"{"),
        record(transaction(5.0, "fuel"), key=b"card-8"),
    ]
    sample = sample_of(records, app.context.pipeline)
    assert [(one.entity, one.fields["features.shop"]) for one in sample.transactions] == [
        ("card-7", "food"),
        ("card-8", "fuel"),
    ]
