"""What Slack says of a press becomes feedback, or an answer; whatever is in it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.channels.slack.blocks import Style, message_of
from anomaly_app.channels.slack.presses import (
    Correct,
    Ignore,
    OpenForm,
    Reaction,
    Take,
    Tell,
    read_payload,
)
from anomaly_app.channels.slack.silence_form import DURATIONS, silence_form
from anomaly_app.core.alerts.feedback import AddSilence, Press
from tests.support.slack_blocks import faults_in_view
from tests.support.slack_notices import NOON, hostile_texts, notice, views
from tests.support.slack_people import People
from tests.support.slack_sockets import Sockets

typed_texts = hostile_texts.map(lambda text: text.encode(errors="replace").decode())
"""What can be sent as JSON."""

MESSAGE = {"ts": "1767614400.000001", "channel": "C0000FRAUD"}


def pressed(action: str = "fraud", value: str = "incident-1", **changes: Any) -> dict[str, Any]:
    people = People(Sockets(), "secret")
    button = {"action_id": action, "value": value}
    return people.pressed(MESSAGE, button, user="ada") | changes


def submitted(**inputs: str | None) -> dict[str, Any]:
    given = {"duration": "3600", "matchers": "entity=card-0042", "note": "a trip"} | inputs
    chosen = None if given["duration"] is None else {"value": given["duration"]}
    state = {
        "duration": {"duration": {"selected_option": chosen}},
        "matchers": {"text": {"value": given["matchers"]}},
        "note": {"text": {"value": given["note"]}},
    }
    view = {
        "id": "V00000001",
        "callback_id": "anomaly_silence",
        "private_metadata": "incident-1",
        "state": {"values": state},
    }
    return {"type": "view_submission", "user": {"id": "U0ADA", "username": "ada"}, "view": view}


def read(payload: Any, *, now: float = NOON) -> Reaction:
    return read_payload(json.dumps(payload).encode(), now=now)


def press_of(payload: dict[str, Any]) -> Press:
    reaction = read(payload)
    assert isinstance(reaction, Take)
    assert isinstance(reaction.feedback, Press)
    return reaction.feedback


def silence_of(payload: dict[str, Any]) -> AddSilence:
    reaction = read(payload)
    assert isinstance(reaction, Take), reaction
    assert isinstance(reaction.feedback, AddSilence)
    return reaction.feedback


@pytest.mark.parametrize("action", ["fraud", "expected", "take"])
def test_a_press_says_who_answered_what_and_where(action: str) -> None:
    press = press_of(pressed(action))
    assert (press.incident, press.action, press.user) == ("incident-1", action, "ada")
    assert press.reference == "C0000FRAUD:1767614400.000001"
    assert press.receiver == "slack"
    assert press.at == NOON


def test_a_press_that_is_delivered_twice_is_one() -> None:
    payload = pressed()
    assert press_of(payload).id == press_of(payload).id


def test_presses_of_others_at_other_times_or_of_other_buttons_are_others() -> None:
    first = pressed()
    again = pressed() | {"user": {"id": "U0GRACE"}}
    later = json.loads(json.dumps(first))
    later["actions"][0]["action_ts"] = "1767614999.000001"
    others = [first, again, later, pressed("expected"), pressed(value="incident-2")]
    assert len({press_of(payload).id for payload in others}) == len(others)


@pytest.mark.parametrize("value", ["", "a" * 65, "../etc", "incident 1", "incident-1\u0000", "é"])
def test_a_button_that_is_not_ours_is_told_to_who_pressed_it(value: str) -> None:
    reaction = read(pressed(value=value))
    assert isinstance(reaction, Tell)
    assert (reaction.channel, reaction.user) == ("C0000FRAUD", "U000000ADA")


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {},
        {"type": "block_actions"},
        {"type": "shortcut", "user": {"id": "U1"}},
        {"type": "view_closed"},
        pressed("open_link"),
        pressed() | {"actions": []},
        pressed() | {"user": None},
        submitted() | {"view": {"id": "V1", "callback_id": "of another form"}},
    ],
)
def test_what_is_nothing_of_ours_is_only_acknowledged(payload: Any) -> None:
    assert read(payload) == Ignore()


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b'"' + b"x" * 2**20 + b'"'])
def test_what_is_no_json_is_only_acknowledged(data: bytes) -> None:
    assert read_payload(data, now=NOON) == Ignore()


def test_a_payload_of_a_megabyte_is_read() -> None:
    assert press_of(pressed(message={"text": "x" * 2**20})).action == "fraud"


def test_silence_opens_a_form_with_what_would_match() -> None:
    reaction = read(pressed("silence", "incident-1\nentity=card-0042\nfeature=amount"))
    assert isinstance(reaction, OpenForm)
    assert reaction.trigger.endswith(".trigger")
    assert reaction.form["private_metadata"] == "incident-1"
    matchers = reaction.form["blocks"][1]["element"]
    assert matchers["initial_value"] == "entity=card-0042\nfeature=amount"


@given(view=views)
def test_the_form_of_any_incident_is_one_that_slack_takes(view: Any) -> None:
    blocks = message_of(notice(view), Style()).blocks
    values = [e["value"] for b in blocks if b["type"] == "actions" for e in b["elements"]]
    for value in values:
        reaction = read(pressed("silence", value))
        assert isinstance(reaction, OpenForm)
        assert faults_in_view(reaction.form) == []


def test_a_form_without_matchers_is_one_that_slack_takes() -> None:
    assert faults_in_view(silence_form("incident-1", [])) == []


def test_a_submitted_form_is_a_silence() -> None:
    wish = silence_of(submitted(matchers="entity=card-0042\n\n feature = amount "))
    assert wish.incident == "incident-1"
    assert wish.silence.matchers == ("entity=card-0042", "feature = amount")
    assert (wish.silence.begins, wish.silence.ends) == (NOON, NOON + 3_600)
    assert (wish.silence.note, wish.silence.user) == ("a trip", "ada")


def test_a_silence_without_matchers_is_for_the_incident() -> None:
    silence = silence_of(submitted(matchers=None)).silence
    assert (silence.matchers, silence.incident) == ((), "incident-1")


def test_a_silence_with_matchers_is_for_all_that_match() -> None:
    assert silence_of(submitted()).silence.incident == ""


@pytest.mark.parametrize(
    "line", ["entity=card-1", "amount >= 10", 'shop ~ "a b*"', r'"odd \"name\"" != x', "a=b=c"]
)
def test_a_line_may_be_any_matcher(line: str) -> None:
    assert silence_of(submitted(matchers=line)).silence.matchers == (line,)


def test_a_form_that_is_submitted_again_is_the_same_silence() -> None:
    first = read(submitted(), now=NOON)
    again = read(submitted(), now=NOON + 2.0)
    assert isinstance(first, Take)
    assert isinstance(again, Take)
    assert first.feedback.id == again.feedback.id


def test_the_id_of_a_silence_is_what_silences_may_have() -> None:
    name = silence_of(submitted()).silence.id
    assert name.isalnum()
    assert len(name) <= 64


@pytest.mark.parametrize("seconds", DURATIONS)
def test_every_duration_can_be_chosen(seconds: str) -> None:
    silence = silence_of(submitted(duration=seconds)).silence
    assert silence.ends - silence.begins == float(seconds)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("duration", "1e9"),
        ("duration", None),
        ("matchers", "card-0042"),
        ("matchers", "=x"),
        ("matchers", "shop = a b"),
        ("matchers", "\n".join(["entity=card"] * 11)),
        ("note", ""),
        ("note", None),
        ("note", "   "),
        ("note", "x" * 501),
    ],
)
def test_wrong_input_is_said_beside_the_input(name: str, value: str | None) -> None:
    reaction = read(submitted(**{name: value}))
    assert isinstance(reaction, Correct)
    assert set(reaction.errors) == {name}
    assert all(reaction.errors.values())


def test_who_knows_matchers_says_what_is_wrong_with_one() -> None:
    data = json.dumps(submitted()).encode()
    reaction = read_payload(data, now=NOON, check_matcher=lambda line: f"no: {line}")
    assert reaction == Correct({"matchers": "no: entity=card-0042"})


def test_a_form_of_no_incident_is_not_a_silence() -> None:
    payload = submitted()
    payload["view"]["private_metadata"] = "<!channel>"
    assert isinstance(read(payload), Correct)


@given(
    action=st.sampled_from(["fraud", "expected", "take", "silence"]) | typed_texts,
    value=typed_texts | st.just("incident-1"),
    name=typed_texts,
    when=typed_texts,
)
def test_whatever_is_in_a_press_feedback_is_short_and_printable(
    action: str, value: str, name: str, when: str
) -> None:
    payload = pressed(action, value) | {"user": {"id": name, "username": name, "name": name}}
    payload["actions"][0]["action_ts"] = when
    payload["container"] = {"channel_id": name, "message_ts": when}
    reaction = read(payload)
    if isinstance(reaction, Take):
        press = reaction.feedback
        assert isinstance(press, Press)
        texts = [press.id, press.incident, press.action, press.user, press.user_id, press.reference]
        assert all(text.isprintable() and len(text) <= 80 for text in texts)
        assert msgspec.json.decode(msgspec.json.encode(press), type=Press) == press


@given(
    duration=st.sampled_from([*DURATIONS]) | typed_texts,
    matchers=typed_texts,
    note=typed_texts,
)
def test_whatever_is_in_a_form_slack_takes_the_answer(
    duration: str, matchers: str, note: str
) -> None:
    reaction = read(submitted(duration=duration, matchers=matchers, note=note))
    assert isinstance(reaction, Take | Correct)
    if isinstance(reaction, Correct):
        assert set(reaction.errors) <= {"duration", "matchers", "note"}
        assert all(0 < len(text) <= 150 for text in reaction.errors.values())
