"""What must hold of every batch, whatever its records are."""

import time
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import msgspec

from anomaly_app.channels.slack.single_alert_message import slack_message
from anomaly_app.core.alerts import Alert, read_alert
from anomaly_app.core.scoring.anomaly import read_anomaly
from anomaly_app.core.scoring.verdict import Message, Verdict
from anomaly_app.errors import AnomalyUnreadable, Rejection
from anomaly_app.kafka.consumer.record_batches import Record
from tests.fuzz.mutation import mutate, tokens_of
from tests.fuzz.subjects import NOON, Subject

SLOWEST = 0.25
"""Seconds of CPU that no batch may take."""

HEADER, SECTION, FIELD, BLOCKS, FIELDS = 150, 3_000, 2_000, 50, 10
"""Slack's limits: characters of texts, and how many of them."""

WORDS = {str(rejection) for rejection in Rejection} - {Rejection.UNSCORABLE, Rejection.UNALERTABLE}
"""All that may become of a record while there is no fault in the code."""

HEADERS = {"error", "source-topic", "source-partition", "source-offset"}


class Broken(Exception):
    """Something does not hold."""


class Checked(NamedTuple):
    """A batch of which everything held."""

    seconds: float
    """Of CPU, that the verdict took."""
    anomalies: list[bytes]
    """As they are sent."""


def check(subject: Subject, records: Sequence[Record], outcomes: "Counter[str]") -> Checked:
    """Judge a batch, put its anomalies into words, and check all of it.

    Parameters
    ----------
    subject
        Judges.
    records
        Their offsets are their places.
    outcomes
        Is added to.

    Raises
    ------
    Broken
        Something does not hold.
    """
    begin = time.process_time()
    try:
        verdict = subject.pipeline.judge(records, NOON)
    except Exception as fault:
        raise Broken(f"judging raised {fault!r}") from fault
    took = time.process_time() - begin
    if took > SLOWEST:
        took = min(took, _time_again(subject, records), _time_again(subject, records))
        _hold(took <= SLOWEST, f"{len(records)} records took {took:.3f} s of CPU")
    _check_outcomes(records, verdict)
    for rejected, letter in zip(verdict.rejected, verdict.dead_letters, strict=True):
        word = _check_letter(records[rejected.record.offset], letter)
        outcomes[word] += 1
    for finding, message in zip(verdict.findings, verdict.anomalies, strict=True):
        _check_anomaly(records[finding.record.offset], message)
    outcomes["anomalous"] += len(verdict.findings)
    outcomes["ordinary"] += verdict.scored - len(verdict.findings)
    return Checked(took, [message.value or b"" for message in verdict.anomalies])


def _time_again(subject: Subject, records: Sequence[Record]) -> float:
    begin = time.process_time()
    subject.pipeline.judge(records, NOON)
    return time.process_time() - begin


def _check_outcomes(records: Sequence[Record], verdict: Verdict) -> None:
    rejected = {r.record.offset for r in verdict.rejected}
    anomalous = {f.record.offset for f in verdict.findings}
    _hold(len(rejected) == len(verdict.rejected), "a record is rejected twice")
    _hold(len(anomalous) == len(verdict.findings), "a record is anomalous twice")
    _hold(not rejected & anomalous, "a record is rejected and anomalous")
    _hold(verdict.scored + len(rejected) == len(records), "a record has no outcome")


def _check_letter(record: Record, letter: Message) -> str:
    headers = {name: value.decode() for name, value in letter.headers.items()}
    word = headers["error"].partition(":")[0]
    _hold(word in WORDS, f"offset {record.offset} is {headers['error']}")
    _hold(headers.keys() == HEADERS, f"the headers of a dead letter are {headers}")
    _hold(int(headers["source-offset"]) == record.offset, "a dead letter names another record")
    kept = letter.key == record.key and (letter.value or None) == (record.value or None)
    _hold(kept, f"offset {record.offset} is not kept as it came")
    return word


def _check_anomaly(record: Record, message: Message) -> None:
    _hold(message.key == record.key, "an anomaly has another key")
    try:
        anomaly = read_anomaly(message.value or b"")
        alert = read_alert(message.value)
    except Exception as fault:
        raise Broken(f"the anomaly at offset {record.offset} raised {fault!r}") from fault
    _hold(anomaly.source == ("transactions", 0, record.offset), "an anomaly names another record")
    check_alert(alert)


def check_hostile_anomalies(
    messages: Sequence[bytes], random: Random, outcomes: "Counter[str]"
) -> None:
    """Mutate anomalies, as anybody may write them, and put into words what still is one.

    Raises
    ------
    Broken
        One raised, or its words do not fit.
    """
    corpus = [tokens_of(message) for message in messages]
    for tokens in corpus:
        value = mutate(tokens, random, corpus)
        try:
            alert = read_alert(value)
        except AnomalyUnreadable:
            outcomes["unreadable"] += 1
        except Exception as fault:
            raise Broken(f"{value!r} on the anomalies topic raised {fault!r}") from fault
        else:
            outcomes["alerts"] += 1
            try:
                check_alert(alert)
            except Broken as fault:
                raise Broken(f"{value!r} on the anomalies topic: {fault}") from fault


def check_alert(alert: Alert) -> None:
    """Check the words of an alert against what Slack takes.

    Raises
    ------
    Broken
        They do not fit, or could mention somebody.
    """
    _hold(alert.text.isprintable(), f"the text is not printable: {alert.text!r}")
    _hold(len(alert.text) <= SECTION, "the text is too long")
    message = slack_message(alert)
    _hold("<" not in message.text, f"the notification mentions: {message.text!r}")
    _hold(len(message.blocks) <= BLOCKS, "there are too many blocks")
    msgspec.json.encode(message.blocks)
    for block in message.blocks:
        if block["type"] == "header":
            _check_text(block["text"], HEADER)
        elif "fields" in block:
            _hold(len(block["fields"]) <= FIELDS, "there are too many fields")
            for field in block["fields"]:
                _check_text(field, FIELD)
        elif block["type"] == "context":
            for element in block["elements"]:
                _check_text(element, SECTION)
        else:
            _check_text(block["text"], SECTION)


def _check_text(part: dict[str, Any], most: int) -> None:
    text = part["text"]
    _hold(0 < len(text) <= most, f"a text has {len(text)} characters: {text[:100]!r}")
    if part["type"] == "mrkdwn":
        _hold("<" not in text, f"a text may mention somebody: {text!r}")


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)
