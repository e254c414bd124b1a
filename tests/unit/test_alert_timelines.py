"""Incidents on timelines: what people are told, and when."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from anomaly_app.core.alerts import grouping
from anomaly_app.core.alerts.delivering import outbox
from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.alerts.log import Tick, read_entry, write_entry
from anomaly_app.core.alerts.maintenance import Calendar
from anomaly_app.core.alerts.notice import Note
from anomaly_app.core.alerts.policy import Budget, Flapping, Window
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.step import step
from anomaly_app.errors import ForeignEvents, ImageCorrupt
from tests.support.incidents import NOON, ONE, Timeline, policy, sighting, titles

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def press(timeline: Timeline, action: str = "fraud", *, name: str = "p-1") -> None:
    incident = next(iter(timeline.state.incidents))
    timeline.apply(Press(id=name, incident=incident, action=action, user="Ada", at=timeline.now))


def silence(timeline: Timeline, *matchers: str, hours: float = 2.0, incident: str = "") -> None:
    added = Silence(
        id="s-1",
        matchers=matchers,
        incident=incident,
        begins=timeline.now,
        ends=timeline.now + hours * HOUR,
        note="planned",
        user="Ada",
    )
    timeline.apply(AddSilence(id="f-1", silence=added, at=timeline.now))


def test_the_first_message_waits_for_others() -> None:
    timeline = Timeline()
    timeline.see()
    timeline.wait(29)
    assert timeline.messages == []
    timeline.wait(1)
    assert titles(timeline.messages) == ["card-1"]


def test_anomalies_of_one_entity_are_one_message() -> None:
    timeline = Timeline()
    for _ in range(10):
        timeline.see()
        timeline.wait(2)
    timeline.wait(MINUTE)
    assert [one.subject.members for one in timeline.messages] == [10]  # type: ignore[union-attr]


def test_an_anomaly_that_is_read_again_changes_nothing() -> None:
    timeline = Timeline()
    timeline.see()
    before = timeline.state.to_bytes()
    timeline.apply(sighting(number=0))
    incident = next(iter(timeline.state.incidents.values()))
    assert incident.members == 1
    assert len(timeline.state.to_bytes()) == len(before)


def test_an_anomaly_that_was_sent_twice_counts_once() -> None:
    timeline = Timeline()
    timeline.see()
    again = sighting(number=0)
    timeline.apply(changed(again, origin=again.origin._replace(offset=7)))
    assert [one.members for one in timeline.state.incidents.values()] == [1]


def test_an_entry_that_was_applied_changes_nothing() -> None:
    timeline = Timeline()
    timeline.see()
    before = timeline.state.to_bytes()
    assert step(timeline.state, 0, sighting("other", number=9), NOON, timeline.policy) == []
    assert timeline.state.to_bytes() == before


def test_people_are_told_in_the_thread_when_it_gets_worse() -> None:
    timeline = Timeline()
    timeline.see(rarity=0.5)
    timeline.wait(MINUTE)
    timeline.see(rarity=0.001)
    assert len(timeline.messages) == 1
    assert timeline.replies[0][0] == "Severity is now critical."


def test_growth_is_told_after_the_interval_and_only_if_it_is_notable() -> None:
    timeline = Timeline()
    timeline.see(rarity=1.0)
    timeline.wait(MINUTE)
    timeline.see(rarity=1.0)
    assert timeline.replies == []
    for _ in range(6):
        timeline.see(rarity=1.0)
    assert timeline.replies == []
    timeline.wait(5 * MINUTE)
    assert timeline.replies == [("8 anomalies.",)]


def test_the_end_is_told_once() -> None:
    timeline = Timeline()
    timeline.see()
    timeline.wait(HOUR)
    assert timeline.replies == [("Over: 1 anomaly. It went on for 0 min.",)]
    timeline.wait(DAY)
    assert len(timeline.replies) == 1


def test_an_incident_that_comes_back_is_the_same_one() -> None:
    timeline = Timeline()
    timeline.see()
    timeline.wait(HOUR)
    timeline.see()
    timeline.wait(MINUTE)
    assert len(timeline.messages) == 1
    assert timeline.replies[-1] == ("It is back.",)


def test_much_later_it_is_another_one() -> None:
    timeline = Timeline()
    timeline.see()
    timeline.wait(DAY)
    timeline.see()
    timeline.wait(MINUTE)
    assert len(timeline.messages) == 2


def test_flapping_is_not_told_each_time() -> None:
    timeline = Timeline(policy(flapping=Flapping(4, 6 * HOUR)))
    for _ in range(6):
        timeline.see()
        timeline.wait(40 * MINUTE)
    ends = [one for one in timeline.replies if one[0].startswith("Over")]
    assert len(timeline.messages) == 1
    assert len(ends) == 2


def test_a_growing_incident_is_repeated_until_somebody_has_taken_it() -> None:
    timeline = Timeline(policy(resolve_after=DAY))
    timeline.see()
    timeline.wait(MINUTE)
    timeline.see()
    timeline.wait(4 * HOUR)
    assert [str(one.event) for one in timeline.messages] == ["opened", "repeated"]
    press(timeline, "take")
    timeline.see()
    timeline.wait(5 * HOUR)
    assert len(timeline.messages) == 2


def test_an_answer_is_shown_and_counts_once() -> None:
    timeline = Timeline()
    timeline.see()
    timeline.wait(MINUTE)
    press(timeline)
    press(timeline)
    shown = timeline.got[-1].notice.subject
    assert [(one.action, one.user) for one in shown.answers] == [("fraud", "Ada")]  # type: ignore[union-attr]


def test_an_answer_to_something_unknown_changes_nothing() -> None:
    timeline = Timeline()
    timeline.see()
    timeline.apply(Press(id="p", incident="i-999", action="fraud", user="Eve", at=NOON))
    press(timeline, "drop tables")
    assert [one.answers for one in timeline.state.incidents.values()] == [[]]


def test_over_the_budget_there_is_a_digest_with_a_line_for_each() -> None:
    timeline = Timeline(policy(receivers={ONE: Budget(4, HOUR)}))
    for number in range(40):
        timeline.see(f"card-{number}", feature=f"f{number}")
    timeline.wait(MINUTE)
    assert len(timeline.messages) <= 4
    timeline.wait(2 * HOUR)
    told = len(timeline.messages)
    assert sum(digest.incidents for digest in timeline.digests) >= 40 - told
    assert sum(one.incidents for d in timeline.digests for one in d.lines) >= 40 - told


def test_there_are_never_more_messages_in_a_period_than_the_budget_says() -> None:
    timeline = Timeline(policy(receivers={ONE: Budget(messages=8, per=HOUR)}, wait=0.0))
    for number in range(300):
        timeline.see(f"card-{number}", rarity=0.2)
        timeline.wait(MINUTE)
    got = zip(timeline.at, timeline.got, strict=True)
    told = [at for at, one in got if one.notice.event in {"opened", "repeated"}]
    busiest = max(sum(begin <= at < begin + HOUR for at in told) for begin in told)
    assert 4 <= busiest <= 9, "estimated by two counts: one more may pass"


def test_one_incident_may_be_all_that_has_a_counterpart_in_common() -> None:
    timeline = Timeline(policy(by=("counterpart",), reason=False))
    for card, shop in [("card-1", "shop-1"), ("card-2", "shop-1"), ("card-1", "shop-2")]:
        seen = sighting(card, number=timeline.numbered)
        timeline.apply(changed(seen, counterpart=shop))
        timeline.numbered += 1
    timeline.wait(MINUTE)
    assert sorted(one.subject.members for one in timeline.messages) == [1, 2]  # type: ignore[union-attr]


def test_critical_ones_pass_the_budget() -> None:
    timeline = Timeline(policy(receivers={ONE: Budget(1, DAY)}))
    for number in range(6):
        timeline.see(f"card-{number}", feature=f"f{number}", rarity=0.001)
    timeline.wait(MINUTE)
    assert len(timeline.messages) == 6


def test_a_silence_covers_what_it_says_and_nothing_else() -> None:
    timeline = Timeline()
    silence(timeline, "entity = card-1")
    timeline.see("card-1")
    timeline.see("card-2", feature="distance")
    timeline.wait(HOUR)
    assert titles(timeline.messages) == ["card-2"]


def test_the_end_of_a_silenced_incident_is_told_in_the_digest() -> None:
    timeline = Timeline()
    silence(timeline, "entity = card-1", hours=10)
    timeline.see("card-1")
    timeline.wait(2 * HOUR)
    (line,) = timeline.digests[0].lines
    assert (line.title, line.why) == ("card-1", "silenced by Ada: planned")


@pytest.mark.parametrize(
    "other",
    [{"feature": "distance"}, {"rarity": 0.01}, {"value": 9_500.0}],
    ids=["another reason", "rarer", "further"],
)
def test_a_silence_breaks_when_something_else_or_worse_comes(other: dict[str, object]) -> None:
    timeline = Timeline()
    timeline.see("card-1")
    silence(timeline, incident=next(iter(timeline.state.incidents)))
    for _ in range(3):
        timeline.wait(5 * MINUTE)
        timeline.see("card-1", value=955.0)
    assert timeline.messages == []
    timeline.see("card-1", **other)
    assert titles(timeline.messages) == ["card-1"]


def test_more_of_the_same_breaks_a_silence_in_the_end() -> None:
    timeline = Timeline()
    timeline.see("card-1")
    silence(timeline, incident=next(iter(timeline.state.incidents)))
    for _ in range(20):
        timeline.wait(MINUTE)
        timeline.see("card-1")
    assert titles(timeline.messages) == ["card-1"]


def test_what_still_goes_on_is_told_when_a_silence_ends() -> None:
    timeline = Timeline(policy(resolve_after=5 * HOUR))
    silence(timeline, "entity = card-1", hours=1)
    timeline.see("card-1")
    timeline.wait(HOUR - 1)
    assert timeline.messages == []
    timeline.wait(MINUTE)
    assert titles(timeline.messages) == ["card-1"]


def test_a_silence_covers_the_values_of_all_incidents_that_it_was_for() -> None:
    timeline = Timeline()
    for card, value in [("card-1", 1_000.0), ("card-2", 100.0)]:
        timeline.see(card, value=value, shop="s1")
    silence(timeline, "shop = s1")
    timeline.wait(10 * MINUTE)
    timeline.see("card-1", value=990.0, shop="s1")
    timeline.wait(10 * MINUTE)
    assert timeline.messages == []


def test_a_picture_shows_values_of_one_feature() -> None:
    timeline = Timeline()
    timeline.see(value=950.0)
    timeline.see(feature="count:1h", value=7.0, expected=1.0)
    timeline.wait(MINUTE)
    view = timeline.messages[0].subject
    assert view.charted == "amount"  # type: ignore[union-attr]
    assert [member.value for member in view.sample] == [950.0, None]  # type: ignore[union-attr]


def test_an_ended_silence_covers_nothing() -> None:
    timeline = Timeline()
    silence(timeline, "entity = card-1")
    timeline.see("card-1")
    timeline.apply(ExpireSilence(id="f-2", silence="s-1", user="Ada", at=timeline.now))
    timeline.wait(MINUTE)
    assert titles(timeline.messages) == ["card-1"]


def test_a_silence_says_before_that_it_ends() -> None:
    timeline = Timeline()
    silence(timeline, "entity = card-1")
    timeline.wait(HOUR + 51 * MINUTE)
    notes = [one.notice.subject for one in timeline.got]
    assert [one.title for one in notes if isinstance(one, Note)] == ["A silence ends in 10 min"]


def test_maintenance_holds_what_happens_until_its_end() -> None:
    window = Window(name="nightly", calendar=Calendar("0 12 * * *"), seconds=HOUR)
    timeline = Timeline(policy(maintenance=(window,), resolve_after=3 * HOUR))
    timeline.see()
    timeline.wait(HOUR - 1)
    assert timeline.messages == []
    timeline.wait(1)
    assert len(timeline.messages) == 1


def test_what_is_not_delivered_is_told_later_as_it_is_then() -> None:
    timeline = Timeline(down={ONE})
    timeline.see()
    timeline.wait(MINUTE)
    timeline.see()
    assert timeline.got == []
    timeline.down.clear()
    timeline.deliver()
    assert [one.subject.members for one in timeline.messages] == [2]  # type: ignore[union-attr]
    assert outbox(timeline.state, ONE) == []


def test_what_a_receiver_refuses_is_in_the_digest() -> None:
    timeline = Timeline(refusing={ONE})
    timeline.see()
    timeline.wait(MINUTE)
    timeline.refusing.clear()
    timeline.wait(2 * HOUR)
    assert [line.title for digest in timeline.digests for line in digest.lines] == ["card-1"]


def test_an_image_and_a_replay_give_the_same_state() -> None:
    timeline = Timeline()
    for number in range(30):
        timeline.see(f"card-{number % 7}", shop=f"s{number % 3}")
        timeline.wait(40 * number)
    restored = Timeline(
        state=State.from_bytes(timeline.state.to_bytes()),
        now=timeline.now,
        offset=timeline.offset,
        numbered=timeline.numbered,
    )
    for one in (timeline, restored):
        one.see("card-3", rarity=0.001)
        one.wait(2 * DAY)
    assert restored.state.to_bytes() == timeline.state.to_bytes()


def test_a_flood_of_entities_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST_INCIDENTS", 100)
    timeline = Timeline(policy(reason=False))
    for number in range(grouping.MOST_INCIDENTS + 50):
        timeline.see(f"card-{number}")
    assert len(timeline.state.incidents) == grouping.MOST_INCIDENTS + 1
    assert list(timeline.state.incidents.values())[-1].members == 50


def test_a_damaged_image_is_refused() -> None:
    with pytest.raises(ImageCorrupt):
        State.from_bytes(b"\x93\x01")


def test_time_that_goes_back_stands_still() -> None:
    timeline = Timeline()
    timeline.see()
    timeline.wait(MINUTE)
    late = replace(timeline, now=NOON - DAY)
    late.see()
    assert late.state.now == NOON + 30.0


def test_entries_are_read_as_they_were_written() -> None:
    entry = sighting(shop="s1")
    assert read_entry(write_entry(entry), "alerts partition 0 offset 0") == entry
    assert read_entry(write_entry(Tick()), "") == Tick()


def test_a_strangers_entry_is_refused_with_its_place() -> None:
    with pytest.raises(ForeignEvents, match="alerts partition 0 offset 5"):
        read_entry(b"{}", "alerts partition 0 offset 5")
