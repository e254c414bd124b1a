"""The agents and the pages on a broker in memory: what comes of records, and in which order."""

import json
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaTimeoutError

from anomaly_app.agents import alerting, scoring
from anomaly_app.agents.sampling import send_sample
from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.alerts.log import Entry, Sample, read_entry
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.feedback.messages import write_feedback
from anomaly_app.core.learning.label import About, Label, Undo, Verdict
from anomaly_app.settings import Settings
from tests.support.factories import model, record, transaction
from tests.support.memory_app import MemoryApp
from tests.support.memory_kafka import MemoryBroker
from tests.support.traffic import mixed

NORMAL, ODD, MALFORMED = transaction(), transaction(99_999.0, "casino"), b"{"


class ExitedError(BaseException):
    """In place of the end of the process."""


def memory_app(**settings: Any) -> MemoryApp:
    context = WorkerContext(Settings(_env_file=None, **settings))
    context.use(model())
    return MemoryApp(MemoryBroker(), context)


@pytest.fixture
def app() -> MemoryApp:
    return memory_app()


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []

    def exit_here(where: str, fault: BaseException) -> None:
        said.append(f"{where}: {fault!r}")
        raise ExitedError(where)

    for agent in (scoring, alerting):
        monkeypatch.setattr(agent, "exit_without_commit", exit_here)
    return said


def send(app: MemoryApp, *values: bytes | None, partition: int | None = None) -> None:
    for value in values:
        app.broker.append("transactions", value, b"card-1", partition)


def committed(app: MemoryApp, topic: str) -> int:
    return sum(offset for (_, p), offset in app.broker.committed.items() if p.topic == topic)


def entries(app: MemoryApp) -> list[Entry]:
    """What is on the log of alerts."""
    return [read_entry(value, "here") for value in app.broker.values("anomaly-app-alerts")]


async def test_records_become_anomalies_and_dead_letters_and_anomalies_entries(
    app: MemoryApp,
) -> None:
    send(app, NORMAL, ODD, MALFORMED, None)
    await app.work()
    [anomaly] = app.broker.records("anomalies")
    assert anomaly.key == b"card-1"
    assert json.loads(anomaly.value)["transaction"] == json.loads(ODD)
    letters = app.broker.records("transactions-dlq")
    assert [letter.value for letter in letters] == [MALFORMED, None]
    reasons = [dict(letter.headers)["error"].split(b":")[0] for letter in letters]
    assert reasons == [b"not-json", b"null-value"]
    assert (committed(app, "transactions"), committed(app, "anomalies")) == (4, 1)
    [entry] = entries(app)
    assert isinstance(entry, Sighting)
    assert (entry.entity, entry.origin[:3]) == ("card-1", ("anomalies", anomaly.partition, 0))
    assert entry.fields["features.shop"] == "casino"


async def test_what_is_masked_is_in_no_topic_but_that_of_the_dead_letters() -> None:
    app = memory_app(roles="key=card hash=card mask=shop", hash_key="a secret of the test")
    mark, odd = b"MARK3R", transaction(99_999.0, "MARK3R-shop", card="MARK3R-card")
    for value in (odd, odd, b"{MARK3R"):
        app.broker.append("transactions", value, b"MARK3R-card")
    app.context.traffic.offer([record(odd)] * 9)
    await app.work()
    await send_sample(app.context.traffic.sample(), cast("Any", app), app.context)
    for topic in ("anomalies", "anomaly-app-alerts"):
        found = app.broker.records(topic)
        assert found
        assert not [one for one in found if mark in (one.value or b"") + (one.key or b"")]
    first, second, sample = entries(app)
    assert isinstance(first, Sighting)
    assert isinstance(second, Sighting)
    assert isinstance(sample, Sample)
    assert {first.entity, second.entity, *(one.entity for one in sample.transactions)} == {
        app.broker.records("anomalies")[0].key.decode()
    }
    assert app.broker.values("transactions-dlq") == [b"{MARK3R"]


async def test_a_batch_is_committed_after_all_that_came_of_it(app: MemoryApp) -> None:
    send(app, *[NORMAL, ODD, MALFORMED] * 40, partition=1)
    del app.broker.history[:]
    await app.work("scoring")
    sent = 0
    for what, topic, partition, offset in app.broker.history:
        if what == "append":
            sent += 1
            assert topic in {"anomalies", "transactions-dlq"}
        else:
            assert (topic, partition) == ("transactions", 1)
            # Of each three records, the second and the third have become a message.
            assert sent == sum(n % 3 > 0 for n in range(offset))
    assert [offset for what, _, _, offset in app.broker.history if what == "commit"] == [
        50,
        100,
        120,
    ]


async def test_a_send_that_is_refused_is_sent_again_and_nothing_twice(app: MemoryApp) -> None:
    send(app, ODD, MALFORMED)
    app.broker.refusals = [KafkaTimeoutError()]
    await app.work("scoring")
    assert len(app.broker.records("anomalies")) == 1
    assert len(app.broker.records("transactions-dlq")) == 1
    assert committed(app, "transactions") == 2


async def test_a_send_that_goes_on_failing_ends_the_worker_and_commits_nothing(
    exits: list[str],
) -> None:
    app = memory_app(send_timeout=0.05)
    send(app, NORMAL, ODD, partition=2)
    app.broker.refusals = [KafkaTimeoutError()] * 99
    with pytest.raises(ExitedError):
        await app.work("scoring")
    assert exits == ["transactions partition 2 offsets 0 to 1: KafkaTimeoutError()"]
    assert app.broker.committed == {}


async def test_a_dead_letter_that_no_topic_takes_ends_the_worker_and_commits_nothing(
    app: MemoryApp, exits: list[str]
) -> None:
    app.broker.topic("transactions-dlq").max_message_bytes = 10
    send(app, NORMAL, b"x" * 11)
    with pytest.raises(ExitedError):
        await app.work("scoring")
    assert "transactions-dlq does not accept a message of 11 bytes" in exits[0]
    assert app.broker.committed == {}


async def test_a_worker_after_a_fault_begins_where_the_last_commit_was(
    app: MemoryApp, exits: list[str]
) -> None:
    send(app, *[NORMAL, ODD] * 30, partition=0)
    await app.work("scoring")
    before = len(app.broker.records("anomalies"))
    send(app, ODD, partition=0)
    app.broker.topic("anomalies").max_message_bytes = 10
    with pytest.raises(ExitedError):
        await app.work("scoring")
    app.broker.topic("anomalies").max_message_bytes = 1_000_000
    await app.work("scoring")
    assert (before, len(app.broker.records("anomalies"))) == (30, 31)
    assert committed(app, "transactions") == 61


async def test_anomalies_are_confirmed_when_the_log_has_them(app: MemoryApp) -> None:
    send(app, ODD, ODD, ODD, partition=0)
    await app.work("scoring")
    del app.broker.history[:]
    await app.work("alerting")
    assert [(what, topic, offset) for what, topic, _, offset in app.broker.history] == [
        *(("append", "anomaly-app-alerts", offset) for offset in range(3)),
        ("commit", "anomalies", 3),
    ]
    assert app.context.counters.alerts == {"taken": 3}


async def test_a_log_that_takes_nothing_ends_the_worker_and_commits_nothing(
    exits: list[str],
) -> None:
    app = memory_app(send_timeout=0.05)
    send(app, ODD, partition=0)
    await app.work("scoring")
    app.broker.refusals = [KafkaTimeoutError()] * 99
    with pytest.raises(ExitedError):
        await app.work("alerting")
    assert exits == [
        "anomalies partition 3 offset 0 and others up to offset 0: KafkaTimeoutError()"
    ]
    assert committed(app, "anomalies") == 0


async def test_an_anomaly_that_nobody_can_read_is_passed_over(app: MemoryApp) -> None:
    app.broker.append("anomalies", b"{")
    await app.work("alerting")
    assert committed(app, "anomalies") == 1
    assert app.context.counters.alerts == {"unreadable": 1}


async def test_what_people_say_becomes_an_entry_unless_it_is_for_another_group(
    app: MemoryApp, caplog: pytest.LogCaptureFixture
) -> None:
    said = Press(id="p", incident="i-1", action="fraud", user="ada", at=1.0)
    app.broker.append("feedback", write_feedback(said, "anomaly-app"))
    app.broker.append("feedback", write_feedback(said, "another-app"))
    app.broker.append("feedback", b"[]")
    await app.work("feedback")
    assert entries(app) == [said]
    assert app.context.counters.feedback == {"taken": 1, "of_others": 1, "unreadable": 1}
    [line] = caplog.messages
    assert "is not what people say" in line


async def test_labels_are_counted_and_what_takes_something_back_is_an_entry(
    app: MemoryApp,
) -> None:
    what = {"about": About.ENTITY, "name": "card-1", "verdict": Verdict.FRAUD}
    label = Label(id="l-1", user="ada", at=1.0, **what)  # type: ignore[arg-type]
    undo = Undo(id="u-1", said="p-1", user="ada", at=1.0)
    for said in (label, undo):
        app.broker.append("feedback", write_feedback(said, "anomaly-app"))
    await app.work("feedback")
    assert entries(app) == [undo]
    assert app.context.counters.feedback == {"label": 1, "taken": 1}


async def test_stats_account_for_every_record(app: MemoryApp) -> None:
    values = mixed(300)
    send(app, *values)
    _, before = await app.get("/stats")
    assert sum(p["lag"] for p in before["partitions"]) == len(values)
    await app.work()
    status, stats = await app.get("/stats")
    assert status == 200
    assert stats["scored"] + stats["dead_letters"] == stats["events"] == len(values)
    assert stats["anomalies"] == len(app.broker.records("anomalies"))
    assert stats["anomalies"] == stats["alerts"]["taken"]
    assert stats["dead_letters"] == len(app.broker.records("transactions-dlq"))
    done = [p for p in stats["partitions"] if p["topic"] != "anomaly-app-alerts"]
    assert {p["lag"] for p in done} == {0}
    assert stats["model"]["sha256"] == model().manifest.sha256


async def test_a_worker_is_alive_whatever_it_waits_for(app: MemoryApp) -> None:
    app.group = None
    assert await app.get("/healthz") == (200, {"status": "ok"})


async def test_a_worker_with_model_and_partitions_is_ready(app: MemoryApp) -> None:
    assert await app.get("/readyz") == (200, {"status": "ready", "missing": []})


@pytest.mark.parametrize("missing", ["model", "partitions", "rebalance", "tables"])
async def test_a_worker_that_is_not_ready_says_what_is_missing(missing: str) -> None:
    context = WorkerContext(Settings(_env_file=None))
    app = MemoryApp(MemoryBroker(), context)
    if missing != "model":
        context.use(model())
    if missing == "partitions":
        app.group = None
    app.rebalancing, app.in_recovery = missing == "rebalance", missing == "tables"
    assert await app.get("/readyz") == (503, {"status": "waiting", "missing": [missing]})
