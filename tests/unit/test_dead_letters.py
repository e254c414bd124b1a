"""Dead letters as they are read, selected, shown and judged, without a broker."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app import records
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.visible import visible
from anomaly_app.dead_letters.lines import read_repairs, write_line
from anomaly_app.dead_letters.messages import (
    DeadLetter,
    Position,
    ReplayMarker,
    Selection,
    read_message,
)
from anomaly_app.dead_letters.plan import Account, Plan
from anomaly_app.dead_letters.table import rows
from anomaly_app.errors import RepairError
from tests.support.factories import NOON, model, transaction

NAMES = st.sampled_from(
    ["error", "source-topic", "source-partition", "source-offset", "replayed", "replayed-to", "x"]
)
CONTENTS = st.none() | st.binary(max_size=30) | st.integers(-5, 2**70).map(lambda n: b"%d" % n)
HEADERS = st.lists(st.tuples(NAMES, CONTENTS), max_size=8)
BYTES = st.none() | st.binary(max_size=300) | st.text(max_size=100).map(str.encode)


def letter(**changes: Any) -> DeadLetter:
    fields: dict[str, Any] = {
        "position": Position(3, 17),
        "timestamp": int(NOON * 1000),
        "error": "not-json: it ends too early",
        "topic": "transactions",
        "partition": 1,
        "offset": 42,
        "key": b"card-1",
        "value": b'{"features"',
    }
    return DeadLetter(**{**fields, **changes})


def message(headers: Any, **changes: Any) -> ConsumerRecord:
    fields: dict[str, Any] = {"timestamp": int(NOON * 1000), "key": b"card-1", "value": b"{"}
    fields |= changes
    return ConsumerRecord(
        *("transactions-dlq", 3, 17, fields["timestamp"], 0, fields["key"], fields["value"]),
        *(None, 0, 0, tuple(headers)),
    )


def plan(*, selection: Selection | None = None, repairs: Any = (), max_bytes: int = 1000) -> Plan:
    return Plan(
        selection or Selection(),
        dict(repairs),
        Pipeline(model(), max_record_bytes=max_bytes, max_reasons=5),
        topic="transactions",
    )


def repair_lines(*lines: str) -> dict[Position, bytes | None]:
    return read_repairs([line.encode() for line in lines], name="letters.jsonl")


def test_what_the_worker_writes_is_read_back() -> None:
    written = records.DeadLetter(
        error="not-json: it ends: too early",
        topic="transactions",
        partition=1,
        offset=42,
        key=b"k",
        value=None,
    )
    found = read_message(message(written.headers.items(), key=b"k", value=None))
    assert found == letter(error="not-json: it ends: too early", key=b"k", value=None)
    assert isinstance(found, DeadLetter)
    assert (found.reason, found.detail) == ("not-json", "it ends: too early")
    assert found.source == "transactions-1-42"


def test_a_mark_is_read_back_and_is_no_letter() -> None:
    marker = ReplayMarker(letter().identity, "transactions-0-99")
    assert read_message(message(marker.headers, value=b"")) == marker
    assert "error" not in dict(marker.headers)


def test_letters_of_one_record_are_known_as_such() -> None:
    assert letter().identity == letter(position=Position(0, 1), timestamp=None).identity
    assert letter().identity != letter(offset=43).identity
    assert letter().identity != letter(value=b"of a topic that was made anew").identity
    assert letter(value=None).identity == letter(value=None).identity


@given(headers=HEADERS, key=BYTES, value=BYTES, timestamp=st.none() | st.integers(-(2**63), 2**63))
def test_whatever_is_on_the_topic_can_be_read_and_shown(
    headers: Any, key: bytes | None, value: bytes | None, timestamp: int | None
) -> None:
    found = read_message(message(headers, key=key, value=value, timestamp=timestamp))
    if isinstance(found, DeadLetter):
        shown = rows(found, None)
        assert all(sign.isprintable() for line in shown.split("\n") for sign in line)
        assert json.loads(write_line(found, None))["place"] == "3-17"


@pytest.mark.parametrize("text", ["", "3", "3-", "-3", "3--1", "+3-1", "3-1-2", "٣-1", "3-1_0"])
def test_a_place_is_a_partition_and_an_offset_and_nothing_else(text: str) -> None:
    assert Position.parse("3-1042") == Position(3, 1042)
    with pytest.raises(ValueError, match="is not a number"):
        Position.parse(text)


def test_letters_are_selected_by_reason_and_by_place() -> None:
    reasons, positions = frozenset({"not-json"}), frozenset({Position(3, 17)})
    assert letter() in Selection()
    assert letter() in Selection(reasons, positions)
    assert letter(error="null-value: none") not in Selection(reasons, positions)
    assert letter(position=Position(3, 18)) not in Selection(reasons, positions)
    # A source's place is not the letter's.
    assert letter() not in Selection(positions=frozenset({Position(1, 42)}))


@given(key=BYTES, value=BYTES)
def test_a_line_gives_back_the_bytes_of_its_letter(key: bytes | None, value: bytes | None) -> None:
    line = write_line(letter(key=key, value=value), None)
    assert repair_lines(line) == {Position(3, 17): value}
    named = json.loads(line)
    as_value = {
        "place": "3-17",
        **{n.replace("key", "value"): named[n] for n in named if "key" in n},
    }
    assert repair_lines(json.dumps(as_value)) == {Position(3, 17): key}


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_a_line_is_printable_ascii(data: bytes) -> None:
    line = write_line(letter(key=data, value=data, topic=data.decode("latin-1")), "t\x1b[31m-0-1")
    assert line.isascii()
    assert line.isprintable()


def test_a_line_holds_everything_about_a_letter() -> None:
    assert json.loads(write_line(letter(key=b"\xff", value=None), "transactions-0-99")) == {
        "place": "3-17",
        "time": "2026-01-01T12:00:00.000Z",
        "reason": "not-json",
        "error": "not-json: it ends too early",
        "source": {"topic": "transactions", "partition": 1, "offset": 42},
        "key_base64": "/w==",
        "value": None,
        "replayed_to": "transactions-0-99",
    }


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "Input data was truncated"),
        ("[]", "Expected `object`"),
        ('{"value": "x"}', "missing required field `place`"),
        ('{"place": "x", "value": "x"}', "is not a number"),
        ('{"place": "0-1"}', "either value or value_base64"),
        ('{"place": "0-1", "value": "x", "value_base64": "eA=="}', "either value or value_base64"),
        ('{"place": "0-1", "value": {"features": {}}}', "Expected `str | null`"),
        ('{"place": "0-1", "value_base64": "eA="}', "value_base64 is not base64"),
        ('{"place": "3-17", "value": "again"}', "repairs 3-17 a second time"),
        ("[" * 100_000, "is not a line"),
    ],
)
def test_a_line_that_is_none_is_named(line: str, complaint: str) -> None:
    with pytest.raises(RepairError, match="letters.jsonl line 3") as fault:
        repair_lines(write_line(letter(), None), "", line)
    assert complaint in str(fault.value)


def test_a_file_without_lines_selects_nothing_and_says_so() -> None:
    with pytest.raises(RepairError, match="letters.jsonl contains no lines"):
        repair_lines("", " ")


@given(st.binary(max_size=300) | st.text(max_size=300), st.integers(1, 80))
def test_whatever_is_shown_is_printable_and_begins_like_the_original(
    data: bytes | str, most: int
) -> None:
    shown = visible(data, most)
    assert shown.isprintable()
    text = data.decode(errors="backslashreplace") if isinstance(data, bytes) else data
    if text.isprintable():
        assert shown == (text if len(text) <= most else text[:most] + "…")


def test_terminal_escapes_are_shown_and_not_obeyed() -> None:
    hostile = "\x1b[2J\x9b31m\r\n\u202eabc"
    shown = visible(hostile.encode(), 60)
    assert shown == r"\x1b[2J\x9b31m\r\n\u202eabc"


def test_what_would_be_accepted_is_sent_as_it_was() -> None:
    account = Account()
    good = letter(value=transaction())
    assert plan().decide(good, replayed_to=None, account=account) == (good.value, "replay")
    assert account == Account()


def test_what_would_only_come_back_is_left_with_its_reason() -> None:
    account = Account()
    sent, why = plan(max_bytes=3).decide(letter(), replayed_to=None, account=account)
    assert sent is None
    assert "too-large: 11 bytes, the limit is 3" in why
    assert account.lines("transactions", dry_run=False) == [
        "replayed 0 to transactions",
        "left 1 still not accepted: 1 too-large",
    ]


def test_a_repaired_value_takes_the_place_of_the_original_and_is_checked_too() -> None:
    account = Account()
    repaired = plan(repairs={Position(3, 17): transaction(), Position(3, 18): b"[]"})
    sent, why = repaired.decide(letter(), replayed_to=None, account=account)
    assert sent == transaction()
    assert why == "replay, repaired"
    still_bad = letter(position=Position(3, 18), value=transaction())
    assert repaired.decide(still_bad, replayed_to=None, account=account)[0] is None
    assert account.rejected == {"not-an-object": 1}
    assert repaired.positions == {Position(3, 17), Position(3, 18)}


def test_what_was_replayed_or_is_not_of_this_app_is_left() -> None:
    account = Account()
    good = letter(value=transaction())
    assert plan().decide(good, replayed_to="transactions-0-99", account=account)[0] is None
    elsewhere = replace(good, topic="payments\x1b[0m")
    sent, why = plan().decide(elsewhere, replayed_to=None, account=account)
    assert sent is None
    assert why == r"leave, it came from payments\x1b[0m, not from transactions"
    assert account.lines("transactions", dry_run=True) == [
        "would replay 0 to transactions",
        "left 1 already replayed",
        "left 1 that did not come from transactions",
    ]
