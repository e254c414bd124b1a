"""A fault in one anomaly costs that anomaly only, and is never silent."""

import logging
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from anomaly_app.agents import alerting
from anomaly_app.agents.alerting import anomalies_of, take_in_batch
from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts import intake, sighting
from anomaly_app.core.alerts.intake import read_sighting
from anomaly_app.core.alerts.log import read_entry, write_entry
from anomaly_app.core.alerts.sighting import Origin, Sighting
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.anomaly import Anomaly, write_json
from anomaly_app.errors import AnomalyUnreadable, RecordRejected, Rejection
from anomaly_app.kafka.consumer import PartitionRecords, PendingBatch, Record
from anomaly_app.settings import Settings
from tests.support.factories import anomaly
from tests.support.memory_kafka import MemoryBroker, MemoryWriter
from tests.support.stages import MARK, Stage

MARKED_ANOMALY = anomaly(
    id="transactions-1-66",
    entity="the marked",
    reasons=[Reason(feature="amount", value=MARK, expected=20.0, share=1.0)],
)

STAGES = [
    Stage("reading", intake, "read_anomaly", lambda value: b"the marked" in value),
    Stage("source", Anomaly, "source", lambda found: found.id == MARKED_ANOMALY.id),
    Stage("reasons", sighting, "_cause", lambda reason: reason.value == MARK),
    Stage("fields", sighting, "fields_of", lambda _, entity: entity == "the marked"),
]

each_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)

ORIGIN = Origin("anomalies", 2, 7)


def record(value: bytes | None, offset: int = 7) -> Record:
    return Record("anomalies", 2, offset, 1_767_268_800_000, b"card-1", value)


class ExitedError(BaseException):
    """In place of the end of the process."""


class Intake:
    """The agent on a broker in memory, and what it confirms."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.context = WorkerContext(Settings(_env_file=None))
        for topic in ("anomaly-app-alerts", "transactions-dlq"):
            self.broker.create(topic)
        self.take_in = anomalies_of(self.context)
        self.confirmed: list[int] = []
        self.finished: list[Any] = []

    async def maybe_start_producer(self) -> MemoryWriter:
        return MemoryWriter(self.broker)

    async def handle(self, *values: bytes | None) -> None:
        consumer = SimpleNamespace(
            confirm=lambda _, done: self.confirmed.append(done.end), finish=self.finished.append
        )
        records = [record(value, offset) for offset, value in enumerate(values)]
        partitions = [PartitionRecords("anomalies", 2, len(values), records)]
        batch = PendingBatch(partitions, cast("Any", None), cast("Any", consumer))
        with suppress(ExitedError):
            await take_in_batch(batch, cast("Any", self), self.context, self.take_in)

    @property
    def entries(self) -> list[str]:
        """The entities of the sightings on the log."""
        found = [read_entry(value, "here") for value in self.broker.values("anomaly-app-alerts")]
        return [one.entity for one in found if isinstance(one, Sighting)]

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.context.counters.alerts)


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []

    def exit_here(where: str, fault: BaseException) -> None:
        said.append(f"{where}: {fault!r}")
        raise ExitedError

    monkeypatch.setattr(alerting, "exit_without_commit", exit_here)
    return said


@each_stage
async def test_an_anomaly_that_cannot_be_taken_in_is_a_dead_letter(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.break_down(monkeypatch)
    agent, value = Intake(), write_json(MARKED_ANOMALY)
    await agent.handle(write_json(anomaly()), value, write_json(anomaly(id="transactions-1-67")))
    assert agent.entries == ["card-1", "card-1"]
    assert agent.counts == {"taken": 2, "dead_letter": 1}
    assert agent.confirmed == [3]
    [letter] = agent.broker.records("transactions-dlq")
    assert (letter.key, letter.value) == (b"card-1", value)
    headers = {name: text.decode() for name, text in letter.headers}
    assert headers["error"].startswith("unalertable: anomaly ")
    assert headers["error"].endswith("Fault: of the test")
    assert (headers["source-topic"], headers["source-offset"]) == ("anomalies", "1")
    if stage.name != "reading":
        assert "'transactions-1-66'" in headers["error"]


@each_stage
async def test_a_fault_in_taking_in_all_anomalies_confirms_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, exits: list[str]
) -> None:
    stage.break_down(monkeypatch, for_all=True)
    agent = Intake()
    await agent.handle(write_json(anomaly()))
    assert (agent.confirmed, agent.finished, agent.entries) == ([], [], [])
    [said] = exits
    assert "anomalies partition 2 offset 0" in said


async def test_a_dead_letter_that_nobody_takes_confirms_nothing(
    monkeypatch: pytest.MonkeyPatch, exits: list[str]
) -> None:
    STAGES[2].break_down(monkeypatch)
    agent = Intake()
    agent.broker.topic("transactions-dlq").max_message_bytes = 10
    await agent.handle(write_json(anomaly()), write_json(MARKED_ANOMALY))
    assert agent.confirmed == []
    assert "transactions-dlq does not accept a message" in exits[0]


def test_a_reading_that_takes_no_anomaly_at_all_is_no_messages_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing_is_one(value: bytes) -> Anomaly:
        raise ValueError("expected something else")

    monkeypatch.setattr(intake, "read_anomaly", nothing_is_one)
    with pytest.raises(ValueError, match="expected something else"):
        read_sighting(write_json(anomaly()), ORIGIN)


@pytest.mark.parametrize(
    "value",
    [
        *(None, b"", b"{", b"[]", b'{"id": 1}', b"\xff", b"[" * 100_000, b"1" * 5_000),
        write_json(anomaly(id="nowhere")),
        write_json(anomaly(id="topic-x-y")),
        write_json(anomaly(id=f"topic-1-{'9' * 5_000}")),
        write_json(anomaly(time="yesterday")),
        write_json(anomaly(time="9999-01-01T00:00:00Z")),
        write_json(anomaly()).replace(b"card-1", b"\xff"),
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_what_is_no_anomaly_is_counted_and_does_not_stop_the_alerts(
    value: bytes | None,
) -> None:
    with pytest.raises(AnomalyUnreadable):
        read_sighting(value, ORIGIN)
    agent = Intake()
    await agent.handle(value, write_json(anomaly()))
    assert agent.counts == {"unreadable": 1, "taken": 1}
    assert (agent.entries, agent.confirmed) == (["card-1"], [2])
    assert agent.broker.records("transactions-dlq") == []


async def test_thousands_that_are_no_anomalies_are_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = Intake()
    for _ in range(30):
        await agent.handle(*[b"{"] * 100)
    [line] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert "anomalies partition 2 offset 0 is not an anomaly" in line
    assert line.endswith("1 such message since the last line")


def test_the_rejection_of_an_anomaly_has_a_word_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    STAGES[2].break_down(monkeypatch)
    with pytest.raises(RecordRejected) as caught:
        read_sighting(write_json(MARKED_ANOMALY), ORIGIN)
    assert caught.value.rejection == Rejection.UNALERTABLE


@pytest.mark.parametrize("sign", ["x", "<", "\u0301", "\U0001f600", "\x1b", "\n", "\u202e"])
def test_an_entry_is_small_and_printable_whatever_the_stream_holds(sign: str) -> None:
    long = sign * 100_000
    reasons = [Reason(feature=long, value=long, expected=-1e308, share=1e308)] * 50
    hostile = anomaly(entity=long, severity=long, p_value=1e308, threshold=-1e308, reasons=reasons)
    taken = read_sighting(write_json(hostile), ORIGIN)
    assert taken.entity.isprintable()
    assert all(cause.feature.isprintable() for cause in taken.causes)
    written = write_entry(taken)
    assert len(written) < 20_000
    assert read_entry(written, "here") == taken
