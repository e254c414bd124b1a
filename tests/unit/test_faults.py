"""A fault at any stage of one record's way costs that record, and no other."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from anomaly_app.alerting import message as words
from anomaly_app.alerting import reading
from anomaly_app.alerting.channel import Outcome
from anomaly_app.alerting.delivery import Delivery
from anomaly_app.alerting.log import LogChannel
from anomaly_app.alerting.reading import read_alert
from anomaly_app.core import anomaly as writing
from anomaly_app.core import dead_letter, decode, pipeline
from anomaly_app.core.anomaly import Anomaly, write_json
from anomaly_app.core.errors import AnomalyUnreadable, RecordRejected, Rejection
from anomaly_app.core.explain import Reason
from anomaly_app.core.model import Model
from anomaly_app.core.pipeline import Pipeline
from anomaly_app.core.schema import FeatureSchema
from anomaly_app.core.verdict import Message, Verdict
from anomaly_app.stream import alerting
from anomaly_app.stream.alerting import Alerts, alert_event
from anomaly_app.stream.batching import Record, Run
from tests.support.factories import NOON, anomaly, model, record, transaction

MARK = 66_666.0
"""The amount, and in other stages the seconds or the word, by which a fault knows its record."""

MARKED_TIME = int(NOON) + 66
MARKED = transaction(MARK, "casino")


class Fault(Exception):
    """Neither a rejection nor anything that the code expects."""


@dataclass
class Stage:
    """A place on a record's way, and how the marked record is known there."""

    name: str
    owner: Any
    attribute: str
    knows: Callable[..., bool]
    value: bytes = MARKED
    fields: dict[str, Any] = field(default_factory=dict)
    """Of the record in Kafka."""

    def break_down(self, monkeypatch: pytest.MonkeyPatch, *, for_all: bool = False) -> None:
        owner = self.owner(PIPELINE) if self.owner in OWNERS else self.owner
        sound = getattr(owner, self.attribute)

        def broken(*args: Any, **kwargs: Any) -> Any:
            if for_all or self.knows(*args):
                raise Fault("of the test")
            return sound(*args, **kwargs)

        monkeypatch.setattr(owner, self.attribute, broken)


def decoder(made: Pipeline) -> Any:
    return made._decoder


OWNERS = {decoder}
"""Parts of a pipeline, rather than modules and classes."""

PIPELINE = Pipeline(model(), max_record_bytes=2_000, max_reasons=5)

STAGES = [
    Stage("typed parser", decoder, "_parse", lambda value: value == MARKED),
    Stage(
        "careful reading",
        decode,
        "read_object",
        lambda value, _: b"66666" in value,
        value=b'{"data": [[66666.0, "casino"]]}',
    ),
    Stage(
        "time",
        decode,
        "parse_time",
        lambda time: time == MARKED_TIME,
        value=transaction(time=MARKED_TIME),
    ),
    Stage(
        "Kafka's time",
        decode,
        "parse_timestamp",
        lambda timestamp: timestamp == MARKED_TIME * 1000,
        fields={"timestamp": MARKED_TIME * 1000},
    ),
    Stage("matrix", FeatureSchema, "encode", lambda _, rows, __: any(r[0] == MARK for r in rows)),
    Stage("score", Model, "log_p_values", lambda _, matrix: bool(np.any(matrix == MARK))),
    Stage("values", FeatureSchema, "values", lambda _, row, __: row[0] == MARK),
    Stage("reasons", Model, "explain", lambda _, matrix, *__: bool(np.any(matrix == MARK))),
    Stage("anomaly", pipeline, "to_anomaly", lambda found, *_: found.transaction.row[0] == MARK),
    Stage("entity", writing, "_entity", lambda entity, _: entity == "66", value=transaction(
        MARK, "casino", entity="66"
    )),
    Stage(
        "time of the anomaly",
        writing,
        "iso_time",
        lambda seconds: seconds == MARKED_TIME,
        value=transaction(MARK, "casino", time=MARKED_TIME),
    ),
    Stage("JSON", pipeline, "write_json", lambda found: bytes(found.transaction) == MARKED),
    Stage(
        "dead letter",
        dead_letter,
        "write_headers",
        lambda error, *_: "'66666'" in error,
        value=transaction(time="66666"),
    ),
]  # fmt: skip

stages = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


def others() -> list[Any]:
    """Records of all kinds: ordinary, of another shape, anomalous, and bad."""
    kinds = [
        transaction(21.0, time="2026-01-01T12:00:00Z"),
        transaction(19.0, time=NOON),
        b'{"data": [[20.5, "fuel"]]}',
        transaction(99_999.0, "casino", entity="card-9"),
        b"{",
        transaction(time="noon"),
    ]
    return [record(kinds[i % len(kinds)], offset=i) for i in range(60)]


def without(verdict: Verdict, offset: bytes) -> list[Message]:
    return [m for m in verdict.dead_letters if m.headers["source-offset"] != offset]


@stages
def test_a_fault_at_one_record_is_its_dead_letter_and_the_others_are_judged_as_ever(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = PIPELINE.judge(others(), NOON)
    records = others()
    records.insert(31, record(stage.value, offset=1_000, **stage.fields))
    stage.break_down(monkeypatch)
    verdict = PIPELINE.judge(records, NOON)
    assert verdict.anomalies == alone.anomalies
    assert without(verdict, b"1000") == alone.dead_letters
    assert verdict.scored == alone.scored
    [letter] = [m for m in verdict.dead_letters if m not in alone.dead_letters]
    error = letter.headers["error"].decode()
    assert error.startswith("unscorable: Fault")
    assert letter.value == stage.value
    [rejected] = [r for r in verdict.rejected if r.record.offset == 1_000]
    assert str(rejected.error) == error


@stages
def test_a_fault_at_ordinary_records_as_well_is_no_records_fault(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.break_down(monkeypatch, for_all=True)
    with pytest.raises(Fault):
        PIPELINE.judge([record(stage.value, **stage.fields)], NOON)


def test_a_score_that_is_not_a_number_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Model.log_p_values

    def broken(self: Model, matrix: Any) -> Any:
        return np.where(np.any(matrix == MARK, axis=1), np.nan, sound(self, matrix))

    monkeypatch.setattr(Model, "log_p_values", broken)
    verdict = PIPELINE.judge([record(transaction()), record(MARKED), record(transaction())], NOON)
    assert verdict.scored == 2
    [error] = [str(rejected.error) for rejected in verdict.rejected]
    assert error == "unscorable: ArithmeticError: the model's score is not a number"


class Speechless(Exception):
    def __str__(self) -> str:
        raise ValueError("what it says cannot be said")


def test_an_exception_that_cannot_be_told_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Model, matrix: Any) -> Any:
        if np.any(matrix == MARK):
            raise Speechless
        return sound(self, matrix)

    sound = Model.log_p_values
    monkeypatch.setattr(Model, "log_p_values", broken)
    [letter] = PIPELINE.judge([record(MARKED)], NOON).dead_letters
    assert letter.headers["error"] == b"unscorable: Speechless"


# Alerts


MARKED_ANOMALY = anomaly(
    id="transactions-1-66",
    entity="the marked",
    reasons=[Reason(feature="amount", value=MARK, expected=20.0, share=1.0)],
)

ALERT_STAGES = [
    Stage("reading", reading, "read_anomaly", lambda value: b"the marked" in value),
    Stage("source", Anomaly, "source", lambda found: found.id == MARKED_ANOMALY.id),
    Stage("words", words, "_sentence", lambda reason: reason.value == MARK),
    Stage("header", words, "_header", lambda text: "the marked" in text),
    Stage("fields", words, "_fields", lambda *fields: ("Entity", "the marked") in fields),
    Stage("why", words, "_section", lambda text: "66,666" in text),
    Stage("context", words, "_context", lambda *texts: "offset 66" in texts[0]),
]

alert_stages = pytest.mark.parametrize("stage", ALERT_STAGES, ids=lambda stage: stage.name)


def break_down(stage: Stage, monkeypatch: pytest.MonkeyPatch, *, for_all: bool = False) -> None:
    if stage.owner is not Anomaly:
        stage.break_down(monkeypatch, for_all=for_all)
        return
    sound = Anomaly.source

    def broken(self: Anomaly) -> Any:
        if for_all or stage.knows(self):
            raise Fault("of the test")
        return sound.__get__(self)

    monkeypatch.setattr(Anomaly, "source", property(broken))


@pytest.fixture
def buried() -> list[Message]:
    return []


@pytest.fixture
def alerts(buried: list[Message]) -> Alerts:
    async def bury(letter: Message) -> None:
        buried.append(letter)

    return Alerts(Delivery(LogChannel(), given_up=lambda: False), bury)


def message(value: bytes | None, offset: int = 7) -> Record:
    return Record("anomalies", 2, offset, None, b"card-1", value)


@alert_stages
def test_an_anomaly_that_cannot_be_put_into_words_is_a_dead_letter(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    alerts: Alerts,
    buried: list[Message],
    caplog: pytest.LogCaptureFixture,
) -> None:
    break_down(stage, monkeypatch)
    value = write_json(MARKED_ANOMALY)
    assert asyncio.run(alerts.alert(message(write_json(anomaly()), 6))) == Outcome.LOGGED
    assert asyncio.run(alerts.alert(message(value))) == Outcome.DEAD_LETTER
    [letter] = buried
    assert (letter.key, letter.value) == (b"card-1", value)
    headers = {name: text.decode() for name, text in letter.headers.items()}
    assert headers["error"].startswith("unalertable: anomaly ")
    assert headers["error"].endswith("Fault: of the test")
    assert headers["source-topic"] == "anomalies"
    assert (headers["source-partition"], headers["source-offset"]) == ("2", "7")
    [line] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert "anomalies partition 2 offset 7" in line
    if stage.name != "reading":
        assert "'transactions-1-66'" in line


@alert_stages
def test_a_fault_in_the_words_of_all_alerts_confirms_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, alerts: Alerts, buried: list[Message]
) -> None:
    break_down(stage, monkeypatch, for_all=True)
    with pytest.raises(Fault):
        asyncio.run(alerts.alert(message(write_json(anomaly()))))
    assert buried == []


def test_a_reading_that_takes_no_anomaly_at_all_is_no_messages_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing_is_one(value: bytes) -> Anomaly:
        raise ValueError("expected something else")

    monkeypatch.setattr(reading, "read_anomaly", nothing_is_one)
    with pytest.raises(ValueError, match="expected something else"):
        read_alert(write_json(anomaly()))


@pytest.mark.parametrize(
    "value",
    [
        *(None, b"", b"{", b"[]", b'{"id": 1}', b"\xff", b"[" * 100_000, b"1" * 5_000),
        write_json(anomaly(id="nowhere")),
        write_json(anomaly(id="topic-x-y")),
        write_json(anomaly(id=f"topic-1-{'9' * 5_000}")),
        write_json(anomaly()).replace(b"card-1", b"\xff"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_anomaly_is_counted_and_does_not_stop_the_alerts(
    value: bytes | None, alerts: Alerts, buried: list[Message]
) -> None:
    with pytest.raises(AnomalyUnreadable):
        read_alert(value)
    assert asyncio.run(alerts.alert(message(value))) == Outcome.UNREADABLE
    assert asyncio.run(alerts.alert(message(write_json(anomaly())))) == Outcome.LOGGED
    assert buried == []


def test_thousands_that_are_no_anomalies_are_one_line(
    alerts: Alerts, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        for _ in range(3_000):
            assert await alerts.alert(message(b"{")) == Outcome.UNREADABLE

    asyncio.run(story())
    [line] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert "anomalies partition 2 offset 7 is not an anomaly" in line
    assert line.endswith("1 such since the last line")


class Exited(BaseException):
    """In place of the end of the process."""


def handle(alerts: Alerts, values: list[bytes]) -> tuple[list[int], dict[str, int], bool]:
    """Let the agent handle an event: what it confirmed, counted, and whether it finished it."""
    confirmed: list[int] = []
    finished: list[Any] = []
    app = SimpleNamespace(
        confirm=lambda _, record: confirmed.append(record.offset), finish=finished.append
    )
    counters = SimpleNamespace(alerts=dict.fromkeys(map(str, Outcome), 0))
    records = [message(value, offset) for offset, value in enumerate(values)]
    event = SimpleNamespace(value=[Run("anomalies", 2, len(values) - 1, records)])
    runtime = SimpleNamespace(counters=counters)
    with suppress(Exited):
        asyncio.run(alert_event(cast("Any", event), alerts, cast("Any", app), cast("Any", runtime)))
    return confirmed, {k: v for k, v in counters.alerts.items() if v}, bool(finished)


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []

    def exit_here(where: str, fault: BaseException) -> None:
        said.append(where)
        raise Exited

    monkeypatch.setattr(alerting, "exit_without_commit", exit_here)
    return said


def test_an_unalertable_anomaly_is_confirmed_with_those_around_it(
    alerts: Alerts, buried: list[Message], exits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ALERT_STAGES[2].break_down(monkeypatch)
    good, marked = write_json(anomaly()), write_json(MARKED_ANOMALY)
    assert handle(alerts, [good, b"{", marked, good]) == (
        [0, 1, 2, 3],
        {"logged": 2, "unreadable": 1, "dead_letter": 1},
        True,
    )
    assert len(buried) == 1
    assert exits == []


def test_an_unalertable_anomaly_that_is_not_buried_is_not_confirmed(
    exits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bury(letter: Message) -> None:
        raise ConnectionError

    ALERT_STAGES[2].break_down(monkeypatch)
    alerts = Alerts(Delivery(LogChannel(), given_up=lambda: False), bury)
    good, marked = write_json(anomaly()), write_json(MARKED_ANOMALY)
    assert handle(alerts, [good, marked, good]) == ([0], {"logged": 1}, False)
    assert exits == ["alert on anomalies partition 2 offset 1"]


def test_the_rejection_of_an_alert_has_a_word_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ALERT_STAGES[2].break_down(monkeypatch)
    with pytest.raises(RecordRejected) as caught:
        read_alert(write_json(MARKED_ANOMALY))
    assert caught.value.rejection == Rejection.UNALERTABLE
