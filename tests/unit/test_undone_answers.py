"""Answers that are taken back, on timelines: what is shown, what is told, and that it stays so."""

from collections.abc import Sequence

from anomaly_app.core.alerts.delivering import outbox
from anomaly_app.core.alerts.effects import Effect
from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.alerts.incident import MOST_ANSWERS, Incident, Kind
from anomaly_app.core.alerts.merging import merge
from anomaly_app.core.alerts.notice import IncidentView
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.step import step
from anomaly_app.core.alerts.telling import Decision
from anomaly_app.core.learning.label import Undo
from anomaly_app.incidents.listing import incidents_in
from tests.support.incidents import ONE, Timeline, policy

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def told(**controls: float) -> Timeline:
    """An incident that people were told of."""
    timeline = Timeline(policy(**controls))
    timeline.see()
    timeline.wait(MINUTE)
    return timeline


def press(timeline: Timeline, name: str = "p-1", action: str = "fraud", user: str = "Ada") -> None:
    incident = next(iter(timeline.state.incidents))
    timeline.apply(Press(id=name, incident=incident, action=action, user=user, at=timeline.now))


def undo(timeline: Timeline, name: str = "p-1", user: str = "Bob") -> None:
    timeline.apply(Undo(id=f"u-{name}", said=name, user=user, at=timeline.now))


def only(timeline: Timeline) -> Incident:
    [incident] = [one for one in timeline.state.incidents.values() if not one.merged_into]
    return incident


def shown(timeline: Timeline) -> list[str]:
    """The answers in the last message."""
    view = timeline.got[-1].notice.subject
    assert isinstance(view, IncidentView)
    return [one.action for one in view.answers]


def test_an_undo_edits_the_message_at_once_and_tells_nobody() -> None:
    timeline = told()
    press(timeline)
    assert shown(timeline) == ["fraud"]
    undo(timeline)
    assert shown(timeline) == []
    assert timeline.got[-1].notice.changes == ()
    edits = len(timeline.got)
    timeline.wait(10 * MINUTE)
    assert len(timeline.got) == edits


def test_an_answer_and_an_undo_after_the_end_edit_the_message_and_no_more() -> None:
    timeline = told()
    timeline.wait(HOUR)
    replies = len(timeline.replies)
    press(timeline)
    assert shown(timeline) == ["fraud"]
    undo(timeline)
    assert shown(timeline) == []
    edits = len(timeline.got)
    timeline.wait(DAY)
    assert (len(timeline.got), len(timeline.replies)) == (edits, replies)
    assert len(timeline.messages) == 1


def test_an_answer_is_shown_while_the_incident_is_silenced_or_spaced() -> None:
    timeline = told()
    press(timeline, "p-1", "take")
    undo(timeline, "p-1")
    press(timeline, "p-2", "expected")
    assert shown(timeline) == ["expected"]
    assert len(timeline.messages) == 1


def test_an_undo_counts_once_and_says_who() -> None:
    timeline = told()
    press(timeline)
    undo(timeline, user="Bob")
    undo(timeline, user="Eve")
    [answer] = only(timeline).answers
    assert answer.undone_by == "Bob"
    assert only(timeline).said == 2


def test_a_press_that_is_delivered_again_stays_undone() -> None:
    timeline = told()
    press(timeline)
    undo(timeline)
    press(timeline)
    assert only(timeline).standing == []
    assert shown(timeline) == []


def test_a_new_press_counts_after_an_undo() -> None:
    timeline = told()
    press(timeline, "p-1", "fraud")
    undo(timeline, "p-1")
    press(timeline, "p-2", "expected")
    assert [one.action for one in only(timeline).standing] == ["expected"]


def test_the_undo_of_something_unknown_changes_nothing() -> None:
    timeline = told()
    press(timeline)
    edits = len(timeline.got)
    undo(timeline, "p-99")
    assert [one.action for one in only(timeline).standing] == ["fraud"]
    assert len(timeline.got) == edits


def test_who_took_it_before_has_it_again() -> None:
    timeline = told()
    press(timeline, "p-1", "take", "Ada")
    press(timeline, "p-2", "take", "Bob")
    assert only(timeline).taken_by == "Bob"
    undo(timeline, "p-2")
    assert only(timeline).taken_by == "Ada"
    undo(timeline, "p-1")
    assert only(timeline).taken_by is None


def test_what_was_answered_is_told_again_when_the_answer_is_taken_back() -> None:
    quiet, undone = told(resolve_after=DAY), told(resolve_after=DAY)
    for timeline in (quiet, undone):
        press(timeline, action="take")
    undo(undone)
    for timeline in (quiet, undone):
        timeline.see()
        timeline.wait(5 * HOUR)
    assert [str(one.event) for one in quiet.messages] == ["opened"]
    assert [str(one.event) for one in undone.messages] == ["opened", "repeated"]
    stages = decided_by(quiet.effects) - decided_by(undone.effects[-3:])
    assert "is_unanswered" in stages


def decided_by(effects: Sequence[Effect]) -> set[str]:
    """The stages that held something back."""
    return {one.stage for one in effects if isinstance(one, Decision)}


def merged() -> Timeline:
    """Two incidents that were answered, and turn out to be one."""
    timeline = Timeline()
    for number in range(2):
        timeline.see(f"card-{number}", feature=f"f{number}")
    timeline.wait(MINUTE)
    for number, incident in enumerate([*timeline.state.incidents]):
        timeline.apply(
            Press(id=f"p-{number}", incident=incident, action="fraud", user="Ada", at=timeline.now)
        )
    merge(timeline.state, [*timeline.state.incidents.values()], Kind.REGIME, (), timeline.now)
    return timeline


def test_an_undo_after_a_merge_takes_back_the_answer_of_the_whole() -> None:
    timeline = merged()
    [part] = [one for one in timeline.state.incidents.values() if one.merged_into]
    assert [one.id for one in only(timeline).standing] == ["p-0", "p-1"]
    undo(timeline, "p-0")
    undo(timeline, "p-1")
    assert only(timeline).standing == []
    # A press on the message of a part, delivered again, finds the whole.
    again = Press(id="p-1", incident=part.id, action="fraud", user="Ada", at=timeline.now)
    timeline.apply(again)
    assert only(timeline).standing == []


def test_answers_are_in_the_order_in_which_they_were_given_and_bounded() -> None:
    timeline = told()
    incident = only(timeline).id
    for number in (2, 1, *range(3, MOST_ANSWERS + 10)):
        timeline.apply(
            Press(id=f"p-{number}", incident=incident, action="fraud", user="A", at=float(number))
        )
    times = [one.at for one in only(timeline).answers]
    assert times == sorted(times)
    assert len(times) == MOST_ANSWERS
    absorbed = Incident(
        id="i-9", kind=only(timeline).kind, key=(), opened=0.0, last=0.0, opened_at=0
    )
    absorbed.absorb(only(timeline))
    absorbed.absorb(only(timeline))
    assert len(absorbed.answers) == MOST_ANSWERS


def test_an_image_knows_what_was_taken_back() -> None:
    timeline = told()
    press(timeline)
    undo(timeline)
    restored = State.from_bytes(timeline.state.to_bytes())
    press_again = Press(
        id="p-1", incident=only(timeline).id, action="fraud", user="Ada", at=timeline.now
    )
    step(restored, timeline.offset, press_again, timeline.now, timeline.policy)
    [listed] = incidents_in(restored, is_all=True)
    assert listed["answers"] == []
    assert outbox(restored, ONE) == []
