"""Slack's blocks: what people read first, within Slack's rules, whatever the stream holds."""

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.channels.slack.blocks import Message, Style, message_of
from anomaly_app.channels.slack.elements import literal
from anomaly_app.channels.slack.reply import is_raised_to_critical, reply_of
from anomaly_app.core.alerts.notice import (
    Answer,
    DigestLine,
    Event,
    IncidentView,
    Note,
    Notice,
    Status,
)
from tests.support.slack_blocks import faults_in_blocks, is_too_long, markup_in, texts_in
from tests.support.slack_notices import NOON, digest, incident, member, notice, notices

PLAIN = Style()


def message(view: IncidentView | None = None, style: Style = PLAIN) -> Message:
    return message_of(notice(incident() if view is None else view), style)


def read(message: Message) -> str:
    return " ".join(texts_in(message.blocks))


def kinds(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks]


def buttons(message: Message) -> dict[str, str]:
    return {
        element["action_id"]: element["value"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


def cells(message: Message) -> list[list[str]]:
    [table] = [block for block in message.blocks if block["type"] == "table"]
    return [[" ".join(texts_in(cell)) for cell in row] for row in table["rows"]]


def test_the_first_line_says_how_bad_it_is_and_what_it_is_about() -> None:
    [headline, *_] = message().blocks
    assert headline["text"]["text"] == "🔴 High: card-0042"


def test_an_incident_of_one_anomaly_is_short() -> None:
    assert kinds(message()) == ["header", "rich_text", "table", "actions", "context"]


def test_values_stand_against_what_is_usual() -> None:
    assert cells(message()) == [
        ["Value", "Now", "Usually", "Share"],
        ["amount", "4,210", "28.8", "70%"],
        ["category", "travel", "food", "20%"],
    ]


def test_where_slack_takes_no_table_the_values_are_aligned() -> None:
    shown = message(style=Style(has_tables=False))
    assert "table" not in kinds(shown)
    assert "amount    4,210   28.8     70%" in read(shown)


def test_a_time_near_another_one_has_no_date() -> None:
    shown = str(message(incident(3, last=NOON + 60)).blocks[1])
    assert shown.count("date_short_pretty") == 1
    shown = str(message(incident(3, last=NOON + 86_400)).blocks[1])
    assert shown.count("date_short_pretty") == 2


def test_the_notification_names_the_strongest_reason() -> None:
    assert message().text == "🔴 High: card-0042: amount 4,210, usually 28.8"


def test_several_members_are_counted_and_some_are_shown() -> None:
    shown = read(message(incident(7)))
    assert "7 anomalies" in shown
    assert "One incident" not in shown
    assert shown.count("· 1 in") == 5


def test_members_of_many_entities_are_named() -> None:
    sample = tuple(member(i, entity=f"card-{i:04}") for i in range(9))
    shown = read(message(incident(200, entities=200, entity=None, sample=sample)))
    assert "200 anomalies" in shown
    assert "of 200 entities" in shown
    assert "One incident: the same entity" in shown
    assert "card-0008" in shown


def test_the_latest_and_the_strongest_members_are_shown_in_order_of_time() -> None:
    sample = tuple(member(i, entity=f"card-{i}", p_value=0.01) for i in range(10))
    strongest = member(3, entity="card-3", p_value=1e-7)
    sample = (*sample[:3], strongest, *sample[4:])
    shown = read(message(incident(10, entities=10, entity=None, sample=sample)))
    places = [shown.index(f"card-{i} ") for i in (3, 8, 9)]
    assert places == sorted(places)


def test_the_answers_and_who_gave_them_are_shown() -> None:
    answers = (
        Answer("take", "Grace", NOON),
        Answer("take", "Ada", NOON + 30),
        Answer("fraud", "Grace", NOON + 60),
    )
    shown = read(message(incident(answers=answers, taken_by="Ada")))
    assert "✋ Taken  by Grace," in shown
    assert "🚩 Fraud  by Grace," in shown
    assert shown.count("Ada") == 1
    assert ", taken by Ada" in shown


def test_buttons_carry_the_opaque_id() -> None:
    pressed = buttons(message())
    assert set(pressed) == {"fraud", "expected", "silence", "take"}
    assert pressed["fraud"] == pressed["expected"] == pressed["take"] == "incident-1"


def test_the_button_of_a_silence_carries_what_would_match() -> None:
    labels = {"entity": "card-0042", "severity": "high", "feature": "amount", "amount": "4210"}
    assert buttons(message(incident(labels=labels)))["silence"].split("\n") == [
        "incident-1",
        "entity = card-0042",
        "feature = amount",
    ]


def test_what_would_match_a_group_is_what_its_members_share() -> None:
    labels = {"terminal": "T 17", "features.terminal": "T 17", "severity": "high", "entity": ""}
    value = buttons(message(incident(9, entity=None, labels=labels)))["silence"]
    assert value.split("\n") == ["incident-1", 'terminal = "T 17"']


def test_a_matcher_that_would_have_to_be_cut_is_left_out() -> None:
    labels = {"entity": "x" * 500, "feature": 'the "amount"'}
    value = buttons(message(incident(labels=labels)))["silence"]
    assert value.split("\n") == ["incident-1", r'feature = "the \"amount\""']


def test_an_incident_that_has_ended_says_so_and_can_still_be_learned_from() -> None:
    view = incident(3, status=Status.RESOLVED, resolved=NOON + 900)
    shown = message(view)
    assert shown.blocks[0]["text"]["text"] == "✅ Resolved: card-0042"
    assert set(buttons(shown)) == {"fraud", "expected"}


def test_the_small_print_says_which_model_and_where() -> None:
    [*_, small] = message(incident(3)).blocks
    assert [element["text"] for element in small["elements"]] == [
        "model transactions 3",
        "transactions partition 3 offset 1042 to transactions partition 3 offset 1044",
        "incident incident-1",
    ]


def test_a_picture_stands_below_the_values() -> None:
    shown = message(style=Style(picture="F00000001"))
    assert kinds(shown)[2:4] == ["table", "image"]
    assert shown.blocks[3]["slack_file"] == {"id": "F00000001"}


def test_a_digest_counts_all_and_lists_some_by_why_they_have_no_message() -> None:
    shown = message_of(notice(digest(40)), PLAIN)
    text = read(shown)
    assert shown.blocks[0]["text"]["text"] == "📋 Digest: 40 incidents without a message"
    assert text.count("the budget of 20 messages an hour was spent") == 1
    assert "card-0014" in text
    assert "card-0015" not in text
    assert "and 25 more incidents" in text


def test_a_line_about_several_incidents_leaves_none_of_them_over() -> None:
    lines = (DigestLine("", "amount: 38 incidents", "medium", 61, "weaker", 38),)
    shown = msgspec.structs.replace(digest(1), lines=lines, incidents=38)
    text = read(message_of(notice(shown), PLAIN))
    assert "amount: 38 incidents" in text
    assert "more incidents" not in text


def test_a_note_is_its_title_and_its_text() -> None:
    shown = message_of(notice(Note(title="A silence ends", text="In ten minutes.")), PLAIN)
    assert read(shown) == "🔔 A silence ends In ten minutes."


def test_a_reply_says_what_has_changed() -> None:
    told = notice(changes=("severity raised to high", "12 anomalies more"))
    assert read(reply_of(told)) == "severity raised to high \n 12 anomalies more"


def critical(*changes: str, **fields: Any) -> Notice:
    view = incident(severity="critical", **fields)
    return notice(view, event=Event.CHANGED, version=2, changes=changes)


def test_everybody_sees_that_an_incident_became_critical() -> None:
    assert is_raised_to_critical(critical("severity raised to critical"))
    assert not is_raised_to_critical(critical("12 anomalies more"))
    assert not is_raised_to_critical(notice(changes=("severity raised to critical",)))
    ended = critical("resolved; it was critical", status=Status.RESOLVED)
    assert not is_raised_to_critical(ended)


@given(told=notices, style=st.builds(Style, st.none() | st.just("F1"), st.booleans()))
def test_slack_takes_every_notice(told: Notice, style: Style) -> None:
    shown = message_of(told, style)
    assert faults_in_blocks(shown.blocks) == []
    assert not is_too_long(shown.blocks)
    assert len(json.dumps(shown.blocks)) <= 13_000
    assert shown.text


@given(told=notices)
def test_nothing_from_the_stream_can_mention_link_or_format(told: Notice) -> None:
    shown = message_of(told, PLAIN)
    assert [*markup_in(shown.blocks)] == []
    assert "<" not in shown.text
    assert ">" not in shown.text


@given(told=notices)
def test_slack_takes_every_reply(told: Notice) -> None:
    if told.changes:
        reply = reply_of(told)
        assert faults_in_blocks(reply.blocks) == []
        assert not is_too_long(reply.blocks)
        assert [*markup_in(reply.blocks)] == []
        assert "<" not in reply.text


@given(text=st.text(), most=st.integers(1, 50))
def test_a_text_is_one_printable_line_that_fits_and_is_never_empty(text: str, most: int) -> None:
    line = literal(text, most)
    assert line
    assert line.isprintable()
    assert len(line.encode("utf-16-le")) <= 2 * most


def test_a_text_that_fits_is_left_as_it_is() -> None:
    assert literal("card-0042 _*~` <b>", 80) == "card-0042 _*~` <b>"
