"""Delivery to one receiver: nothing lost, nothing twice, and nobody else held up."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.channels.channel import Later, Refused
from anomaly_app.core.alerts.delivering import BETWEEN_EDITS, Delivery, choose
from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.alerts.log import Outcome
from anomaly_app.core.alerts.notice import Event
from anomaly_app.incidents import delivery as delivering
from tests.support.incidents import ONE, policy
from tests.support.terms import LEASE, Delivering, Log, NoWaiting


def at_once(**changes: Any) -> Delivering:
    return Delivering(Log(policy(wait=0.0, **changes)))


async def test_what_is_due_is_delivered_and_its_outcome_is_on_the_log() -> None:
    made = at_once()
    term = await made.term()
    made.log.see("card-1", 1)
    await made.work(term)
    assert made.channel.told == ["i-1 v1"]
    [outcome] = made.log.outcomes
    assert (outcome.result, outcome.reference, outcome.version) == ("delivered", "ref-i-1", 1)
    await made.work(term, times=3)
    assert made.channel.told == ["i-1 v1"]


async def test_nothing_is_delivered_before_all_is_applied_that_others_have_done() -> None:
    made = at_once()
    made.log.see("card-1", 1)
    # The former owner has delivered, and has died before it could apply its own outcome.
    made.log.write(Outcome(receiver=ONE, notice="i-0", version=1, result="delivered"))
    term = NoWaiting(made.log.hold(), made.log.memory)
    made.log.applies = False
    await term.begin()
    await made.work(term, times=3)
    assert made.channel.told == []
    made.log.apply()
    await made.work(term)
    assert made.channel.told == []


async def test_what_a_former_owner_may_have_delivered_is_uncertain_and_what_came_since_is_not() -> (
    None
):
    made = at_once()
    made.log.see("card-1", 1)
    term = await made.term()
    # Another member makes another version of what may have been posted.
    made.log.see("card-1", 2)
    made.log.see("card-2", 3, feature="hour")
    await made.work(term, times=2)
    assert {notice.id: place.is_uncertain for notice, place in made.channel.got} == {
        "i-0": True,
        "i-3": False,
    }


async def test_what_another_worker_has_begun_settles_after_the_begin_of_a_term() -> None:
    made = at_once()
    made.log.see("card-1", 1)
    made.channel.answers = [Later("soon", 2.0)]
    term = await made.term()
    await made.work(term)
    made.log.elapse(2.0)
    await made.work(term)
    assert [place.settles_in for _, place in made.channel.got] == [
        delivering.SETTLING,
        delivering.SETTLING - 2.0,
    ]


async def test_a_channel_can_ask_whether_the_log_is_still_this_worker_s() -> None:
    made = at_once()
    made.log.see("card-1", 1)
    term = await made.term()
    await made.work(term)
    [(_, place)] = made.channel.got
    assert await place.is_ours()
    # A lease that is over is asked for again, and the answer is waited for.
    made.log.elapse(LEASE + 0.1)
    assert await place.is_ours()
    assert made.log.clock == made.log.last_commit
    made.log.is_owned = False
    assert not await place.is_ours()


async def test_a_worker_whose_lease_is_over_asks_for_a_commit_and_delivers_after_it() -> None:
    made = at_once()
    term = await made.term()
    made.log.see("card-1", 1)
    made.log.applies = False
    made.log.elapse(LEASE + 0.1)
    await made.work(term, times=3)
    assert made.channel.told == []
    assert term.is_asked
    # One tick a second, however often it asks.
    assert [entry for _, entry in made.log.values[2:]] == [made.log.values[0][1]]
    made.log.apply()
    made.log.applies = True
    await made.work(term)
    assert made.channel.told == ["i-1 v1"]


async def test_a_worker_that_was_frozen_delivers_nothing_when_it_wakes() -> None:
    made = at_once()
    term = await made.term()
    made.log.see("card-1", 1)
    made.log.elapse(300.0)
    made.log.applies = False  # the broker refuses its commits
    await made.work(term, times=5)
    assert made.channel.told == []


@pytest.mark.parametrize("what", ["revoked", "another assignment", "ended"])
async def test_a_term_that_is_over_begins_nothing(what: str) -> None:
    made = at_once()
    term = await made.term()
    made.log.see("card-1", 1)
    if what == "revoked":
        made.log.is_owned = False
    elif what == "another assignment":
        made.log.generation += 1
    else:
        term.end()
    await made.receiver.serve(term)
    assert made.channel.told == []


async def test_an_attempt_that_ends_after_the_term_leaves_its_outcome_for_the_next_owner() -> None:
    made = at_once()
    term = await made.term()
    made.log.see("card-1", 1)
    made.channel.during = term.end
    await made.work(term)
    assert [outcome.result for outcome in made.log.outcomes] == ["delivered"]


async def test_pauses_grow_and_those_that_are_asked_for_are_kept() -> None:
    made = at_once()
    made.channel.answers = [Later("down"), Later("slow down", 7.0), Later("down"), Later("down")]
    term = await made.term()
    made.log.see("card-1", 1)
    moments = []
    made.channel.during = lambda: moments.append(made.log.clock)
    for _ in range(25):
        made.log.apply()
        await made.work(term)
        made.log.elapse(1.0)
    gaps = [later - one for one, later in pairwise(moments)]
    assert gaps == [1.0, 7.0, 2.0, 4.0]
    assert made.channel.told == ["i-1 v1"] * 5
    assert made.receiver.fault is None


async def test_what_is_wrong_is_said_until_it_is_over() -> None:
    made = at_once()
    made.channel.answers = [Later("Slack does not answer")]
    term = await made.term()
    made.log.see("card-1", 1)
    await made.work(term)
    made.log.elapse(5.0)
    shown: Any = made.receiver.stats(term)
    assert shown["waits_for"] == "Slack does not answer"
    assert shown["next_try_seconds"] == 0.0
    assert (shown["waiting"], shown["oldest_seconds"], shown["sent"]) == (1, 5.0, 0)
    await made.work(term)
    shown = made.receiver.stats(term)
    assert (shown["waits_for"], shown["waiting"], shown["attempts"]) == (None, 0, 2)


async def test_a_refusal_is_final_and_the_digest_has_a_line() -> None:
    made = at_once(digest_every=60.0)
    made.channel.answers = [Refused("too long")]
    term = await made.term()
    made.log.see("card-1", 1)
    await made.work(term)
    made.log.elapse(800.0)
    await term.tick()
    await made.work(term)
    digest = made.channel.got[-1][0].subject
    assert [(line.incident, line.why) for line in digest.lines] == [("i-1", "too long")]  # type: ignore[union-attr]


async def test_after_an_hour_of_failures_the_digest_has_what_is_new_and_the_known_is_kept() -> None:
    made = at_once(digest_every=60.0)
    term = await made.term()
    made.log.see("card-1", 1)
    await made.work(term)
    made.channel.answers = [Later("down", 600.0)] * 8
    made.log.see("card-1", 2, rarity=0.001)  # critical now: the receiver knows the incident
    made.log.see("card-2", 3, feature="hour")
    for _ in range(8):
        made.log.apply()
        await made.work(term)
        made.log.elapse(601.0)
    assert [(o.notice, o.result) for o in made.log.outcomes[1:]] == [("i-4", "given_up")]
    assert made.receiver.counts["given_up"] == 1
    made.log.elapse(800.0)
    await term.tick()
    await made.work(term, times=3)
    kept, digest = made.channel.got[-2:]
    assert (kept[0].id, kept[0].event) == ("i-1", Event.RESOLVED)
    assert any("critical" in change for change in kept[0].changes)
    assert [line.incident for line in digest[0].subject.lines] == ["i-4"]  # type: ignore[union-attr]


async def test_a_fault_of_the_code_holds_up_that_notice_only() -> None:
    made = at_once()
    term = await made.term()
    made.log.see("card-1", 1, rarity=0.001)
    made.log.see("card-2", 2, feature="hour")
    made.channel.answers = [RuntimeError("no words")]
    await made.work(term, times=2)
    assert made.channel.told == ["i-1 v1", "i-2 v1"]
    assert [outcome.notice for outcome in made.log.outcomes] == ["i-2"]
    made.log.elapse(delivering.FAULT_PAUSE)
    made.log.apply()
    await made.work(term)
    notice, place = made.channel.got[-1]
    assert (notice.id, place.is_uncertain) == ("i-1", True)


async def test_an_attempt_that_takes_too_long_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    made = at_once()
    monkeypatch.setattr(delivering, "LONGEST_ATTEMPT", 0.01)
    term = await made.term()
    made.log.see("card-1", 1)
    sound = made.channel.deliver

    async def hang(*args: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(made.channel, "deliver", hang)
    await made.work(term)
    monkeypatch.setattr(made.channel, "deliver", sound)
    made.log.elapse(5.0)
    await made.work(term)
    [(_, place)] = made.channel.got
    assert place.is_uncertain


async def test_edits_are_spaced_and_what_is_worse_is_not() -> None:
    made = at_once()
    term = await made.term()
    made.log.see("card-1", 1)
    await made.work(term)
    made.log.write(press("ada"))
    made.log.apply()
    made.log.elapse(BETWEEN_EDITS)
    await made.work(term)
    assert made.channel.told == ["i-1 v1", "i-1 v2"]
    made.log.write(press("bob"))
    made.log.apply()
    await made.work(term, times=2)
    assert len(made.channel.told) == 2
    made.log.see("card-1", 3, rarity=0.001)
    await made.work(term)
    assert made.channel.told[2:] == ["i-1 v4"]
    assert made.channel.got[-1][0].changes


def press(user: str) -> Press:
    return Press(id=user, incident="i-1", action="take", user=user, at=0.0)


def delivery(name: str, *, level: int = 0, is_edit: bool = False, offset: int = 0) -> Delivery:
    return Delivery(
        *(ONE, name, 1, Event.CHANGED, 0.0, () if is_edit else ("worse",), None, offset, level),
        is_known=is_edit,
    )


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0.0, 20.0)), max_size=8),
    st.floats(0.0, 20.0),
)
def test_a_choice_is_ready_or_says_when_there_is_one(
    found: list[tuple[bool, float]], now: float
) -> None:
    deliveries = [delivery(f"i-{n}", is_edit=is_edit) for n, (is_edit, _) in enumerate(found)]
    delivered = {f"i-{n}": at for n, (_, at) in enumerate(found)}
    choice = choose(deliveries, delivered, {}, now)
    if choice.delivery is not None:
        later = delivered[choice.delivery.id] + BETWEEN_EDITS
        assert not choice.delivery.is_edit or later <= now
    elif deliveries:
        assert choice.pause is not None
        assert choose(deliveries, delivered, {}, now + choice.pause + 1e-6).delivery is not None
    else:
        assert choice.pause is None


async def test_a_tick_is_written_when_something_is_due_and_once_a_second_at_most() -> None:
    made = Delivering(Log(policy(wait=30.0)))
    term = await made.term()
    made.log.see("card-1", 1)
    due = [term.is_due]
    made.log.elapse(30.5)
    assert [*due, term.is_due] == [False, True]
    made.log.applies = False
    for _ in range(10):
        await term.tick()
    assert len(made.log.values) == 3
    made.log.elapse(1.0)
    await term.tick()
    made.log.apply()
    made.log.applies = True
    assert len(made.log.values) == 4
    await made.work(term)
    assert made.channel.told == ["i-1 v1"]
