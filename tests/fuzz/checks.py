"""What must hold of every batch, whatever its records are."""

import time
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from anomaly_app.channels.slack.blocks import Style, message_of
from anomaly_app.channels.wording import one_line
from anomaly_app.core.alerts.delivering import notice_of, outbox
from anomaly_app.core.alerts.intake import read_sighting
from anomaly_app.core.alerts.log import read_entry, write_entry
from anomaly_app.core.alerts.policy import Budget, Policy, Route
from anomaly_app.core.alerts.sighting import Origin, Sighting
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.step import step
from anomaly_app.core.scoring.anomaly import read_anomaly
from anomaly_app.core.scoring.verdict import Message, Verdict
from anomaly_app.errors import AnomalyUnreadable, Rejection
from anomaly_app.kafka.consumer.record_batches import Record
from tests.fuzz.mutation import mutate, tokens_of
from tests.fuzz.subjects import NOON, Subject
from tests.support.slack_blocks import faults_in_blocks

SLOWEST = 0.25
"""Seconds of CPU that no batch may take."""

RECEIVER = "team"

POLICY = Policy(wait=0.0, receivers={RECEIVER: Budget()}, routes=(Route(receivers=(RECEIVER,)),))
"""Everything is told at once."""

ORIGIN = Origin("anomalies", 0, 0)

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
        sighting = read_sighting(message.value, ORIGIN)
    except Exception as fault:
        raise Broken(f"the anomaly at offset {record.offset} raised {fault!r}") from fault
    _hold(anomaly.source == ("transactions", 0, record.offset), "an anomaly names another record")
    check_alert(sighting)


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
            sighting = read_sighting(value, ORIGIN)
        except AnomalyUnreadable:
            outcomes["unreadable"] += 1
        except Exception as fault:
            raise Broken(f"{value!r} on the anomalies topic raised {fault!r}") from fault
        else:
            outcomes["alerts"] += 1
            try:
                check_alert(sighting)
            except Broken as fault:
                raise Broken(f"{value!r} on the anomalies topic: {fault}") from fault


def check_alert(sighting: Sighting) -> None:
    """Make an incident of an anomaly, and check its words against what Slack and a log take.

    Raises
    ------
    Broken
        They do not fit, or could mention somebody.
    """
    written = write_entry(sighting)
    _hold(read_entry(written, "here") == sighting, "an entry of the log is read as another one")
    state = State()
    step(state, 0, sighting, NOON, POLICY)
    [delivery] = outbox(state, RECEIVER)
    _hold(State.from_bytes(state.to_bytes()).incidents == state.incidents, "a state is lost")
    notice = notice_of(state, delivery)
    line = one_line(notice)
    _hold(line.isprintable(), f"the line is not printable: {line!r}")
    message = message_of(notice, Style())
    faults = faults_in_blocks(message.blocks)
    _hold(not faults, f"Slack would refuse it: {faults}")
    _hold("<" not in message.text, f"the notification mentions: {message.text!r}")


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)
