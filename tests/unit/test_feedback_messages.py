"""The messages of the feedback topic: what is written is read, and nobody is trusted."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.feedback.messages import Feedback, feedback_key, read_feedback, write_feedback
from anomaly_app.core.feedback.wish import LabelWish, said_of
from anomaly_app.core.learning.label import About, Basis, Label, Undo, Verdict
from anomaly_app.errors import AlertsRefused, FeedbackUnreadable, LabelRefused
from tests.support.incidents import NOON

GROUP = "anomaly-app"

SILENCE = Silence(
    id="s-1", matchers=("entity = card-1",), begins=NOON, ends=NOON + 60.0, note="n", user="ada"
)
LABEL = Label(
    id="l-1", about=About.ENTITY, name="card-1", verdict=Verdict.FRAUD, user="ada", at=1.0
)
PRESS = Press(id="p-1", incident="i-1", action="fraud", user="ada", at=NOON)
UNDO = Undo(id="u-1", said="l-1", user="bob", at=NOON)

ONE_OF_EACH: tuple[Feedback, ...] = (
    *(PRESS, LABEL, UNDO),
    AddSilence(id="s-1", silence=SILENCE, at=NOON),
    ExpireSilence(id="e-1", silence="s-1", user="ada", at=NOON),
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
SECONDS = st.floats(0.0, 4e9)


@pytest.mark.parametrize("said", ONE_OF_EACH, ids=lambda said: type(said).__name__)
def test_what_is_written_is_read_by_its_group_alone(said: Feedback) -> None:
    message = write_feedback(said, GROUP)
    assert read_feedback(message, GROUP) == said
    assert read_feedback(message, "another") is None
    # Who writes no group means all of them.
    assert read_feedback(write_feedback(said, ""), "another") == said


@given(name=TEXTS, note=TEXTS, user=TEXTS.filter(str.strip), at=SECONDS, back=st.floats(0.0, 1e6))
def test_labels_of_anything_are_read_as_they_were_written(
    name: str, note: str, user: str, at: float, back: float
) -> None:
    label = Label(
        id="l-1",
        about=About.ENTITY,
        name=name,
        verdict=Verdict.EXPECTED,
        basis=Basis.OUTCOME,
        user=user,
        note=note,
        since=max(at - back, 0.0),
        at=at,
    )
    assert read_feedback(write_feedback(label, GROUP), GROUP) == label


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_other_bytes_are_unreadable_and_said_in_one_line(value: bytes) -> None:
    with pytest.raises(FeedbackUnreadable) as refused:
        read_feedback(value, GROUP)
    assert str(refused.value).isprintable()


@given(
    st.sampled_from(ONE_OF_EACH),
    st.data(),
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.lists(st.integers()),
)
def test_a_message_with_anything_in_a_field_is_read_or_unreadable(
    said: Feedback, data: st.DataObject, value: Any
) -> None:
    message = json.loads(write_feedback(said, GROUP))
    message[data.draw(st.sampled_from(sorted(message)))] = value
    found = None
    with suppress(FeedbackUnreadable):
        found = read_feedback(json.dumps(message).encode(), GROUP)
    assert found is None or read_feedback(write_feedback(found, GROUP), GROUP) == found


@pytest.mark.parametrize(
    "value",
    [
        *(None, b"", b"null", b"[" * 60_000, b'"' + b"x" * 70_000 + b'"', b"\xff\xfe{}"),
        b'{"type":"label"}',
        b'{"type":"rumour","id":"l-1"}',
        write_feedback(LABEL, GROUP).replace(b'"card-1"', b'"\\ud800"'),
        write_feedback(PRESS, GROUP).replace(b'"p-1"', b'"' + b"p" * 65 + b'"'),
        write_feedback(PRESS, GROUP).replace(b'"p-1"', b'"a/b"'),
        write_feedback(PRESS, GROUP).replace(b'"i-1"', b'""'),
        write_feedback(PRESS, GROUP).replace(b'"note":""', b'"note":"' + b"x" * 501 + b'"'),
        write_feedback(PRESS, GROUP).replace(b'"at":1767700800.0', b'"at":1e300'),
        write_feedback(UNDO, GROUP).replace(b'"l-1"', b'"l 1"'),
        write_feedback(LABEL, GROUP).replace(b'"group":"anomaly-app"', b'"group":5'),
    ],
)
def test_hostile_messages_are_unreadable(value: bytes | None) -> None:
    with pytest.raises(FeedbackUnreadable):
        read_feedback(value, GROUP)


def test_what_is_said_and_that_it_is_taken_back_are_in_one_partition() -> None:
    assert feedback_key(LABEL) == feedback_key(UNDO) == b"l-1"
    undo = Undo(id="u-2", said="p-1", user="ada", at=NOON)
    assert feedback_key(PRESS) == feedback_key(undo) == b"p-1"
    added, ended = ONE_OF_EACH[3:]
    assert feedback_key(added) == feedback_key(ended) == b"s-1"


def wish(**changes: Any) -> LabelWish:
    usual: dict[str, Any] = {"about": "entity", "name": "card-1", "verdict": Verdict.FRAUD}
    return LabelWish(**({"user": "ada"} | usual | changes))


def test_a_wish_becomes_a_label_with_the_times_that_it_names() -> None:
    asked = wish(since="2026-01-05T20:00Z", until=NOON, user=" ada \n l ", note="a\x1btrip")
    made = said_of(asked, "s-1", NOON, via="http")
    assert made == Label(
        id="s-1",
        about=About.ENTITY,
        name="card-1",
        verdict=Verdict.FRAUD,
        user="ada l",
        via="http",
        note="a\ufffdtrip",
        since=NOON - 16 * 3_600.0,
        until=NOON,
        at=NOON,
    )


def test_the_label_of_an_incident_is_an_answer() -> None:
    made = said_of(wish(about="incident", name="i-7", note="sure"), "s-1", NOON, via="http")
    assert made == Press(id="s-1", incident="i-7", action="fraud", user="ada", note="sure", at=NOON)


def test_a_wish_that_is_repeated_has_the_same_id() -> None:
    assert said_of(wish(id="mine-1"), "s-1", NOON, via="http").id == "mine-1"


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ({"user": " \n"}, "say who"),
        ({"id": "a b"}, "the id of a label"),
        ({"since": "yesterday"}, "time 'yesterday' is neither ISO 8601"),
        ({"until": 1e30}, "is not between the years 1970 and 2100"),
        ({"about": "incident", "name": "i 7"}, "it names no incident"),
        ({"about": "incident", "name": "i-7", "basis": Basis.OUTCOME}, "is an answer, an opinion"),
        ({"about": "incident", "name": "i-7", "since": NOON}, "is an answer, an opinion"),
    ],
)
def test_a_wish_that_cannot_be_a_label_is_refused_in_one_line(
    bad: dict[str, Any], line: str
) -> None:
    with pytest.raises((AlertsRefused, LabelRefused), match=line):
        said_of(wish(**bad), "s-1", NOON, via="http")
