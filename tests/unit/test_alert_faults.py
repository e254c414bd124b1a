"""A fault in the words of one alert costs that alert only, and is never silent."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from anomaly_app.agents import alerting
from anomaly_app.agents.alert_stages import Done, Notification, deliver, notify, read, render
from anomaly_app.agents.alerting import alert_batch, define_alerting
from anomaly_app.channels import Delivery, Outcome
from anomaly_app.channels.log import LogChannel
from anomaly_app.channels.slack import single_alert_message as slack_message
from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts import Alert, reading
from anomaly_app.core.alerts import alert as words
from anomaly_app.core.alerts.reading import read_alert
from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.anomaly import Anomaly, write_json
from anomaly_app.core.scoring.dead_letter import write_dead_letter
from anomaly_app.core.scoring.verdict import Message
from anomaly_app.errors import AnomalyUnreadable, RecordRejected, Rejection
from anomaly_app.kafka.consumer import PartitionRecords, PendingBatch, Record
from anomaly_app.settings.app import Settings
from tests.support.factories import anomaly
from tests.support.stages import MARK, Fault, Stage

MARKED_ANOMALY = anomaly(
    id="transactions-1-66",
    entity="the marked",
    reasons=[Reason(feature="amount", value=MARK, expected=20.0, share=1.0)],
)

ALERT_STAGES = [
    Stage("reading", reading, "read_anomaly", lambda value: b"the marked" in value),
    Stage("source", Anomaly, "source", lambda found: found.id == MARKED_ANOMALY.id),
    Stage("words", words, "reason_in_words", lambda reason, _: reason.value == MARK),
    Stage("header", slack_message, "_header", lambda text: "the marked" in text),
    Stage("fields", slack_message, "_fields", lambda *fields: ("Entity", "the marked") in fields),
    Stage("why", slack_message, "_section", lambda text: "66,666" in text),
    Stage("context", slack_message, "_context", lambda *texts: "offset 66" in texts[0]),
]

alert_stages = pytest.mark.parametrize("stage", ALERT_STAGES, ids=lambda stage: stage.name)


@pytest.fixture
def buried() -> list[Message]:
    return []


class SlackWords(LogChannel):
    """Writes alerts as Slack takes them, and delivers them to the log."""

    def render(self, alert: Alert) -> str:
        return slack_message.slack_message(alert).plain


class Alerts:
    """The stages of the agent."""

    def __init__(self, reject: Callable[[Rejected], Awaitable[None]]) -> None:
        channel = SlackWords()
        delivery = Delivery(channel, should_abandon=lambda: False)
        self.stages: Sequence[Callable[..., Any]] = (read(), render(channel), deliver(delivery))
        self.reject = reject

    async def alert(self, record: Record) -> Done:
        return await notify(record, self.stages, self.reject)


@pytest.fixture
def alerts(buried: list[Message]) -> Alerts:
    async def reject(rejected: Rejected) -> None:
        buried.append(write_dead_letter(rejected)[1])

    return Alerts(reject)


def message(value: bytes | None, offset: int = 7) -> Record:
    return Record("anomalies", 2, offset, None, b"card-1", value)


@alert_stages
async def test_an_anomaly_that_cannot_be_put_into_words_is_a_dead_letter(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    alerts: Alerts,
    buried: list[Message],
) -> None:
    stage.break_down(monkeypatch)
    value = write_json(MARKED_ANOMALY)
    assert await alerts.alert(message(write_json(anomaly()), 6)) == Outcome.LOGGED
    assert await alerts.alert(message(value)) == Outcome.DEAD_LETTER
    [letter] = buried
    assert (letter.key, letter.value) == (b"card-1", value)
    headers = {name: text.decode() for name, text in letter.headers.items()}
    assert headers["error"].startswith("unalertable: anomaly ")
    assert headers["error"].endswith("Fault: of the test")
    assert headers["source-topic"] == "anomalies"
    assert (headers["source-partition"], headers["source-offset"]) == ("2", "7")
    if stage.name != "reading":
        assert "'transactions-1-66'" in headers["error"]


@alert_stages
async def test_a_fault_in_the_words_of_all_alerts_confirms_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, alerts: Alerts, buried: list[Message]
) -> None:
    stage.break_down(monkeypatch, for_all=True)
    with pytest.raises(Fault):
        await alerts.alert(message(write_json(anomaly())))
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
async def test_what_is_no_anomaly_is_counted_and_does_not_stop_the_alerts(
    value: bytes | None, alerts: Alerts, buried: list[Message]
) -> None:
    with pytest.raises(AnomalyUnreadable):
        read_alert(value)
    assert await alerts.alert(message(value)) == Outcome.UNREADABLE
    assert await alerts.alert(message(write_json(anomaly()))) == Outcome.LOGGED
    assert buried == []


async def test_thousands_that_are_no_anomalies_are_one_line(
    alerts: Alerts, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3_000):
        assert await alerts.alert(message(b"{")) == Outcome.UNREADABLE
    [line] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert "anomalies partition 2 offset 7 is not an anomaly" in line
    assert line.endswith("1 such message since the last line")


class Exited(BaseException):
    """In place of the end of the process."""


async def handle(alerts: Alerts, values: list[bytes]) -> tuple[list[int], dict[str, int], bool]:
    """Let the agent handle a batch: what it confirmed, counted, and whether it finished it."""
    confirmed: list[int] = []
    finished: list[Any] = []
    consumer = SimpleNamespace(
        confirm=lambda _, done: confirmed.append(done.end), finish=finished.append
    )
    counters = SimpleNamespace(alerts=dict.fromkeys(map(str, Outcome), 0))
    records = [message(value, offset) for offset, value in enumerate(values)]
    partitions = [PartitionRecords("anomalies", 2, len(values) + 1, records)]
    batch = PendingBatch(partitions, cast("Any", None), cast("Any", consumer))
    context = SimpleNamespace(counters=counters)
    with suppress(Exited):
        await alert_batch(batch, alerts.alert, cast("Any", context))
    return confirmed, {k: v for k, v in counters.alerts.items() if v}, bool(finished)


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []

    def exit_here(where: str, fault: BaseException) -> None:
        said.append(where)
        raise Exited

    monkeypatch.setattr(alerting, "exit_without_commit", exit_here)
    return said


async def test_an_unalertable_anomaly_is_confirmed_with_those_around_it(
    alerts: Alerts, buried: list[Message], exits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ALERT_STAGES[2].break_down(monkeypatch)
    good, marked = write_json(anomaly()), write_json(MARKED_ANOMALY)
    assert await handle(alerts, [good, b"{", marked, good]) == (
        [1, 2, 3, 4, 5],
        {"logged": 2, "unreadable": 1, "dead_letter": 1},
        True,
    )
    assert len(buried) == 1
    assert exits == []


async def test_an_unalertable_anomaly_that_is_not_buried_is_not_confirmed(
    exits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reject(rejected: Rejected) -> None:
        raise ConnectionError

    ALERT_STAGES[2].break_down(monkeypatch)
    alerts = Alerts(reject)
    good, marked = write_json(anomaly()), write_json(MARKED_ANOMALY)
    assert await handle(alerts, [good, marked, good]) == ([1], {"logged": 1}, False)
    assert exits == ["alert on anomalies partition 2 offset 1"]


async def test_a_stage_may_stand_between_the_others_and_keep_an_alert_from_people(
    alerts: Alerts, caplog: pytest.LogCaptureFixture
) -> None:
    async def silence(notification: Notification) -> Notification | Done:
        assert notification.alert is not None
        return Outcome.REFUSED if notification.alert.entity == "the marked" else notification

    reading_first, *rest = alerts.stages
    alerts.stages = (reading_first, silence, *rest)
    with caplog.at_level(logging.WARNING):
        assert await handle(alerts, [write_json(MARKED_ANOMALY), write_json(anomaly())]) == (
            [1, 2, 3],
            {"refused": 1, "logged": 1},
            True,
        )
    assert [line.startswith("ALERT High anomaly: card-1") for line in caplog.messages] == [True]


async def test_stages_that_end_without_an_outcome_are_a_fault_of_ours(alerts: Alerts) -> None:
    alerts.stages = alerts.stages[:2]
    with pytest.raises(TypeError, match="the outcome of an alert"):
        await alerts.alert(message(write_json(anomaly())))


def test_the_rejection_of_an_alert_has_a_word_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ALERT_STAGES[2].break_down(monkeypatch)
    with pytest.raises(RecordRejected) as caught:
        read_alert(write_json(MARKED_ANOMALY))
    assert caught.value.rejection == Rejection.UNALERTABLE


class OneAgent:
    """An app that keeps the agent it is given, and has a stream that ends or raises."""

    def __init__(self, fault: Exception | None) -> None:
        self.flow_control = SimpleNamespace(is_active=lambda: True)
        self._fault = fault

    def agent(self, topic: Any, name: str) -> Callable[[Any], Any]:
        def keep(agent: Any) -> Any:
            self.kept = agent
            return agent

        return keep

    async def batches(self, stream: Any) -> AsyncIterator[Any]:
        if self._fault:
            raise self._fault
        nothing: tuple[Any, ...] = ()
        for batch in nothing:
            yield batch


class Closing(LogChannel):
    closed = False

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("fault", [None, Fault("between two events")])
async def test_the_channel_is_closed_however_the_stream_ends_and_a_fault_there_ends_the_process(
    fault: Exception | None, exits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, app = Closing(), OneAgent(fault)
    monkeypatch.setattr(alerting, "make_channel", lambda _: channel)
    context = WorkerContext(Settings(anomalies_topic="my-anomalies"))
    define_alerting(cast("Any", app), cast("Any", SimpleNamespace(anomalies=None)), context)
    with suppress(Exited):
        await app.kept(None)
    assert channel.closed
    assert exits == (["the stream of my-anomalies"] if fault else [])
