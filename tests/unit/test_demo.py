"""The demo's parts: the scenarios and the sums."""

import asyncio
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from anomaly_app.channels.channel import Place
from anomaly_app.channels.choice import make_channels
from anomaly_app.channels.document_json import document_of
from anomaly_app.core.alerts.notice import Event as EventOf
from anomaly_app.core.alerts.notice import Note, Notice, Row
from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.roles.roles import Roles
from anomaly_app.settings import Settings
from anomaly_app.settings.alerting.file import read_alerting
from anomaly_app.settings.alerting.receivers import LogReceiver
from demo.__main__ import main
from demo.messages import Message, MessageFile
from demo.next_steps import next_steps
from demo.scenario import Event, file_scenario, simulated_scenario
from demo.screen import Screen, show_next_steps, show_summary
from demo.simulators import SIMULATORS, AnomalyClass
from demo.tally import Tally, add_up, advice_of, summarise
from harness.workers import clear_old_logs
from tests.support.factories import record
from tests.support.kafka import ROOT
from tests.support.slack_notices import digest, incident, notice
from training.history.topic import TopicAddress
from training.schema import infer_schema


@pytest.fixture(params=SIMULATORS)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A scenario with less history than a model of it needs: none is fitted here."""
    name: str = request.param
    monkeypatch.setitem(SIMULATORS, name, replace(SIMULATORS[name], history=5_000))
    return name


def test_a_scenario_has_history_then_traffic_with_a_few_malformed_records(name: str) -> None:
    scenario = simulated_scenario(name, 5_000, seed=7)
    decoder = Decoder(
        infer_schema(scenario.history).schema, scenario.history.roles, max_bytes=10_000
    )
    records = [record(e.value, offset=i) for i, e in enumerate(scenario.events)]
    rejected = {one.record.offset for one in decoder.decode(records).rejected}
    malformed = {i for i, event in enumerate(scenario.events) if event.kind == "malformed"}
    assert rejected == malformed
    assert len(malformed) == 7
    assert len(scenario.events) == 5_000 + 7


def test_a_simulated_event_has_its_entity_its_time_and_the_class_of_its_kind(name: str) -> None:
    simulator = SIMULATORS[name]
    scenario = simulated_scenario(name, 12_000, seed=7)
    assert scenario.preset == simulator.preset
    assert scenario.history.times is not None
    sent = [event for event in scenario.events if event.kind != "malformed"]
    values = [json.loads(event.value) for event in sent]
    assert [event.key for event in sent] == [value["entity"].encode() for value in values]
    times = [value["time"] for value in values]
    assert times == sorted(times)
    assert scenario.history.times[-1] <= times[0]
    for event in sent:
        kind = simulator.kinds.get(event.kind)
        assert event.label == (kind is not None)
        assert event.anomaly_class == (kind and kind.anomaly_class)


def test_a_file_is_cut_into_history_and_traffic(tmp_path: Path) -> None:
    rows = "".join(f"{i},card-{i % 3},{i}.5,{int(i > 8)}\n" for i in range(10))
    (tmp_path / "a.csv").write_text("time,card,amount,is_fraud\n" + rows)
    scenario = file_scenario(tmp_path / "a.csv", Roles())
    assert len(scenario.history) == 4
    assert [e.label for e in scenario.events] == [False] * 5 + [True]
    first = scenario.events[0]
    assert first.key == b"card-1"
    assert json.loads(first.value) == {"time": 4.0, "card": "card-1", "amount": 4.5}


def test_the_rows_of_a_file_have_its_own_names_and_are_read_by_its_roles(tmp_path: Path) -> None:
    rows = range(10)
    table = {
        "trans_num": rows,
        "ts": [1_767_268_800 + i for i in rows],
        "customer.id": [f"c-{i % 3}" for i in rows],
        "amt": [i + 0.5 for i in rows],
        "b.a": [i % 4 for i in rows],
        "b": [f'a "{i % 2}"\\' for i in rows],
        'q"\\u': [f"x{i % 2}" for i in rows],
    }
    pl.DataFrame(table).write_parquet(tmp_path / "odd.parquet")
    roles = Roles.parse("key=customer.id amount=amt")
    scenario = file_scenario(tmp_path / "odd.parquet", roles)
    first = scenario.events[0]
    assert json.loads(first.value) == {
        "trans_num": 4,
        "ts": 1_767_268_804.0,
        "customer": {"id": "c-1"},
        "amt": 4.5,
        "b.a": 0,
        "b": 'a "0"\\',
        'q"\\u': "x0",
    }
    schema = infer_schema(scenario.history).schema
    decoder = Decoder(schema, scenario.history.roles, max_bytes=10_000)
    decoded = decoder.decode([record(e.value, offset=i) for i, e in enumerate(scenario.events)])
    assert decoded.rejected == []
    assert decoded.absent == {}
    assert not np.isnan(decoded.matrix).any()
    found = decoder.transaction(record(first.value))
    assert (found.id, found.entity, found.time) == (4, "c-1", 1_767_268_804.0)


def event(
    *, label: bool | None, kind: str = "", anomaly_class: AnomalyClass | None = None
) -> Event:
    return Event(b"k", b"{}", label, kind, anomaly_class)


def tally_of(*events: Event, anomalous: list[int]) -> Tally:
    tally = Tally("transactions")
    for offset, sent in enumerate(events):
        tally.sent += 1
        tally.record_sent(sent, partition=0, offset=offset, at=100.0)
    for offset in anomalous:
        tally.record_anomaly(f"transactions-0-{offset}", at=100.0 + 0.01 * (offset + 1))
    return tally


def message(incident: str, *offsets: int, severity: str) -> Message:
    anomalies = tuple(f"transactions-0-{offset}" for offset in offsets)
    headline = f"{severity.capitalize()}: {incident}"
    return Message(headline, "", ("amount is 9, usually 2",), severity, incident, anomalies)


def test_the_summary_counts_and_measures() -> None:
    tally = tally_of(
        event(label=True, kind="burst", anomaly_class="collective"),
        event(label=True, kind="drain", anomaly_class="collective"),
        event(label=False),
        event(label=None, kind="malformed"),
        anomalous=[0, 2],
    )
    worker = {
        "events": 4,
        "scored": 3,
        "anomalies": 2,
        "dead_letters": 1,
        "alerts": {"taken": 2},
        "incidents": {"open": {"high": 1, "medium": 1}, "untold": 1},
    }
    other: dict[str, Any] = {**dict.fromkeys(worker, 0), "alerts": {}, "incidents": None}
    tally.messages += [message("i-1", 0, severity="medium"), message("i-2", 2, severity="high")]
    tally.messages += [message("i-1", 0, 2, severity="critical"), Message("a digest")]
    summary = summarise(tally, add_up([worker, other]), seconds=2.0)
    assert summary["sent"] == summary["scored"] + summary["dead_letters"] == 4
    assert (summary["incidents"], summary["messages"], summary["untold"]) == (2, 4, 1)
    assert [one["headline"] for one in summary["told"]] == ["Critical: i-1", "High: i-2"]
    assert summary["messages_right"] == 0.5
    assert summary["precision"] == 0.5
    assert summary["recall"] == 0.5
    assert summary["recall_by_kind"] == {"burst": 1.0, "drain": 0.0}
    assert summary["recall_by_class"] == {"collective": 0.5}
    assert (summary["p50_ms"], summary["p99_ms"]) == (20.0, pytest.approx(29.8))
    assert summary["events_per_second"] == 2.0


def test_the_summary_has_the_share_of_rejected_records_and_what_the_workers_advise() -> None:
    worker = {"events": 4, "scored": 1, "anomalies": 0, "dead_letters": 3, "alerts": {}}
    worker["incidents"] = None
    advice = advice_of([{"advice": ["change this"]}, {"advice": ["change this", "and that"]}])
    summary = summarise(tally_of(anomalous=[]), add_up([worker]), advice=advice, seconds=1.0)
    assert summary["rejected_share"] == 0.75
    assert summary["advice"] == ["and that", "change this"]
    with (console := Console(width=40)).capture() as captured:
        show_summary(console, summary | {"advice": ["[/] hostile " + "word " * 30]})
    assert "[/] hostile " in captured.get()
    assert "75%" in captured.get()


def test_the_kinds_are_shown_under_their_classes() -> None:
    tally = tally_of(
        event(label=True, kind="drain", anomaly_class="collective"),
        event(label=True, kind="huge amount", anomaly_class="point"),
        event(label=True, kind="burst", anomaly_class="collective"),
        anomalous=[1, 2],
    )
    with (console := Console(width=60)).capture() as captured:
        show_summary(console, summarise(tally, {}, seconds=1.0))
    shown = [" ".join(re.findall(r"[\w%]+", line)) for line in captured.get().splitlines()]
    assert [line for line in shown if "%" in line][-5:] == [
        "recall of point anomalies 100%",
        "huge amount 100%",
        "recall of collective anomalies 50%",
        "burst 100%",
        "drain 0%",
    ]


def test_at_the_end_it_is_shown_how_few_messages_came_of_it_and_what_they_say() -> None:
    tally = tally_of(event(label=True), event(label=False), anomalous=[0])
    tally.messages += [message(f"card-{i}[/]", 0, severity="high") for i in range(8)]
    totals = {"scored": 2, "anomalies": 1, "incidents": 1}
    with (console := Console(width=100)).capture() as captured:
        show_summary(console, summarise(tally, totals, seconds=1.0))
    shown = captured.get()
    assert "2 transactions → 1 anomalies → 1 incidents → 8 messages" in shown
    assert "✉ High: card-0[/]  amount is 9, usually 2" in shown
    assert "and 2 more" in shown


def told_in(folder: Path, *notices: Notice) -> list[Message]:
    """What the demo reads of what a worker has written, with its own channel."""
    file = MessageFile(folder)
    channel = make_channels(read_alerting(file.alerting, slack=False), Settings())["demo"]
    for one in notices:
        asyncio.run(channel.deliver(one, Place()))
    asyncio.run(channel.close())
    return file.new()


def test_the_messages_of_a_demo_are_those_that_its_workers_deliver(tmp_path: Path) -> None:
    many = incident(200, title="200 cards: amount far above", severity="critical", entities=200)
    changed = notice(many, version=2, event=EventOf.CHANGED, changes=("180 cards more.",))
    first, second, third, fourth = told_in(
        tmp_path, notice(), changed, notice(digest(3)), notice(Note(title="A note", text="of it"))
    )
    assert first.headline == "High: card-0042"
    assert first.size == "1 anomaly; about 1 in 1,250 transactions is this unusual"
    assert first.details[0] == "amount is 4,210, usually 28.8"
    assert first.anomalies == ("transactions-3-1042",)
    assert (second.headline, second.size) == (
        "Critical: 200 cards: amount far above",
        "180 cards more.",
    )
    assert third.headline.startswith("Digest: 3 incidents")
    assert (fourth.headline, fourth.size, fourth.incident) == ("A note", "of it", None)


def test_a_demo_tells_nobody_but_its_file_and_forgets_what_is_in_it(tmp_path: Path) -> None:
    assert len(told_in(tmp_path, notice())) == 1
    file = MessageFile(tmp_path)
    assert file.new() == []
    [receiver] = read_alerting(file.alerting, slack=True).receivers
    assert receiver == LogReceiver(name="demo", file=str(tmp_path / "messages.jsonl"))


def test_a_message_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    file, line = MessageFile(tmp_path), document_of(notice()) + b"\n"
    path = tmp_path / "messages.jsonl"
    path.write_bytes(line + line[:40])
    assert len(file.new()) == 1
    path.write_bytes(line + line)
    assert len(file.new()) == 1
    assert file.new() == []


@given(st.text(), st.text())
def test_whatever_a_title_holds_a_message_is_shown_in_printable_lines(
    title: str, feature: str
) -> None:
    console = Console(width=200)
    tally = Tally("transactions")
    shown = notice(incident(title=title, rows=(Row(feature, "[red]", "1", 1.0),)))
    with console.capture() as captured:
        Screen(console, tally).show_message(Message.read(document_of(shown)))
    assert "✉ message 0  High:" in captured.get()
    assert all(line.isprintable() for line in captured.get().split("\n"))


def test_without_labels_or_anomalies_there_is_no_figure_rather_than_a_wrong_one() -> None:
    summary = summarise(tally_of(event(label=None), anomalous=[]), {}, seconds=1.0)
    assert summary["precision"] is summary["recall"] is summary["p50_ms"] is None


def test_an_anomaly_that_comes_twice_counts_once() -> None:
    tally = tally_of(event(label=True), anomalous=[0])
    assert not tally.record_anomaly("transactions-0-0", at=200.0)
    assert tally.latency_ms(0.5) == 10.0


@pytest.mark.parametrize(
    ("anomalies", "said"), [(0, "none of 1,000 rows"), (15, None), (400, "40%")]
)
def test_alerts_that_are_none_or_far_too_many_are_said_loudly(
    anomalies: int, said: str | None
) -> None:
    totals = {"scored": 1_000, "anomalies": anomalies}
    summary = summarise(tally_of(anomalous=[]), totals, alert_rate=0.015, seconds=1.0)
    with (console := Console(width=60)).capture() as captured:
        show_summary(console, summary)
    if said is None:
        assert summary["alert_share"] is None
    else:
        assert said in captured.get()


def words_of(step: str) -> list[str]:
    """Of a command, as a shell splits it."""
    return shlex.split(step, comments=True)


def test_the_next_steps_are_commands_for_this_file_and_these_roles() -> None:
    roles = """key="Card No" label='Is Fraud:yes' amount=amt"""
    steps = next_steps(Path("my files/a'b.csv"), roles, "kafka://a:1;kafka://b:2")
    fit, threshold, worker, topic = map(words_of, steps)
    assert fit == ["python", "-m", "training", "fit", "my files/a'b.csv", "--roles", roles]
    assert threshold[3:5] == ["threshold", "models/transactions"]
    assert worker[:2] == [
        "ANOMALY_BROKER=kafka://a:1;kafka://b:2",
        "ANOMALY_TRANSACTIONS_TOPIC=TOPIC",
    ]
    assert topic[4] == "kafka://a:1,b:2/TOPIC"
    assert TopicAddress.parse(topic[4]).topic == "TOPIC"
    assert topic[-2:] == ["--roles", roles]


def test_after_a_simulation_the_next_steps_are_another_one_and_a_file() -> None:
    steps = next_steps(None, "", "kafka://127.0.0.1:9092")
    assert words_of(steps[0])[:2] == words_of(steps[1])[:2] == ["make", "demo"]
    assert words_of(steps[0])[2].removeprefix("SCENARIO=") in SIMULATORS
    assert (ROOT / words_of(steps[1])[2].removeprefix("DATA=")).exists()
    with (console := Console(width=30)).capture() as captured:
        show_next_steps(console, steps)
    for step in steps:
        assert step in captured.get()


def test_old_logs_are_cleared_and_nothing_else(tmp_path: Path) -> None:
    gone = ["worker-4711.log", "broker.log", "worker-4711-data/v1/x"]
    kept = ["worker-notes.log", "models/transactions/1/manifest.json", "my-data/x", "a.log"]
    for name in (*gone, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    clear_old_logs(tmp_path)
    assert [name for name in gone if (tmp_path / name).exists()] == []
    assert [name for name in kept if not (tmp_path / name).exists()] == []
    assert not (tmp_path / "worker-4711-data").exists()


def refused(folder: Path, *options: str) -> str:
    """What the demo says instead of running."""
    ended = CliRunner().invoke(main, ["--folder", str(folder), *options])
    assert ended.exit_code == 1, ended.output
    return ended.output.strip()


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    assert refused(tmp_path, "--data", str(missing)) == f"Error: file not found: {missing}"


@pytest.mark.parametrize(
    ("broker", "line"),
    [
        ("kafka://127.0.0.1:1", "no broker answers at kafka://127.0.0.1:1 (ANOMALY_BROKER)"),
        ("nonsense", "ANOMALY_BROKER: it must be of the form kafka://host:port"),
    ],
)
def test_a_broker_that_is_none_is_one_line_before_anything_is_trained(
    tmp_path: Path, broker: str, line: str
) -> None:
    said = refused(tmp_path, "--broker", broker)
    assert said.startswith(f"Error: {line}")
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "models").exists()
