"""Silences and alerts on the command line, beside a running worker and without one."""

import json
from pathlib import Path

import pytest

from anomaly_app.core.scoring.anomaly import write_json
from tests.support.alerts import alerting_file, opened, told, told_in_a_file
from tests.support.commands import faust
from tests.support.factories import anomaly, transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


def odd(entity: str) -> bytes:
    return transaction(9_999.0, "casino", entity=entity)


async def test_a_silence_is_previewed_added_listed_and_ended(kafka: Kafka) -> None:
    file = told_in_a_file(kafka)
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-1")])
        await eventually(lambda: opened(file), lambda found: found["card-1"] == 1)
        wish = ("entity = card-1", "--for", "2h", "--note", "moving", "--user", "ada")
        asked = faust(kafka, "silence", "add", *wish, stdin="n\n")
        assert asked.code == 1
        assert (
            "it would have hidden 1 of 1 message about 1 incident, 0 of them confirmed fraud"
            in asked.out
        )
        assert faust(kafka, "silence", "list").said == "nothing is silenced\n"
        name = faust(kafka, "silence", "add", *wish, "--yes").said.strip()
        await eventually(
            lambda: stats_of(worker), lambda stats: stats["incidents"]["silences"] == 1
        )
        [shown] = faust(kafka, "silence", "list", "--json").letters
        assert (shown["id"], shown["covers"], shown["note"]) == (name, 1, "moving")
    # Also while no worker runs.
    assert "entity = card-1" in faust(kafka, "silence", "list").said
    faust(kafka, "silence", "expire", name)
    assert faust(kafka, "silence", "expire", "s-0").error_line.startswith(
        "Error: there is no silence s-0"
    )
    async with kafka.worker() as worker:
        await eventually(
            lambda: stats_of(worker),
            lambda stats: stats["incidents"] and stats["incidents"]["silences"] == 0,
        )
    assert faust(kafka, "silence", "list").said == "nothing is silenced\n"


async def test_a_check_explains_stage_by_stage_and_changes_nothing(
    kafka: Kafka, tmp_path: Path
) -> None:
    file = told_in_a_file(kafka)
    async with kafka.worker() as worker:
        [(partition, offset)] = await kafka.produce([odd("card-1")])
        await eventually(lambda: opened(file), lambda found: found["card-1"] == 1)
        faust(kafka, "silence", "add", "entity = card-9", "--for", "1h", "--note", "n", "--yes")
        await eventually(
            lambda: stats_of(worker), lambda stats: stats["incidents"]["silences"] == 1
        )
        known = faust(kafka, "alerts", "check", f"{kafka.transactions}-{partition}-{offset}").said
        written = tmp_path / "anomaly.json"
        written.write_bytes(write_json(anomaly(entity="card-9")))
        new = faust(kafka, "alerts", "check", str(written)).said
        piped = faust(kafka, "alerts", "check", "-", stdin=written.read_text()).said
        assert len(told(file)) == 1
    assert known.startswith("it was taken in before; if it came again, it would join incident i-")
    assert "card-1" in known.splitlines()[0]
    lines = [line.split() for line in new.splitlines()]
    assert ["is_maintained", "passes"] in lines
    [silenced] = [line for line in new.splitlines() if line.strip().startswith("is_silenced")]
    assert "held until" in silenced
    assert [line.split()[:2] for line in piped.splitlines()] == [line[:2] for line in lines]
    missing = faust(kafka, "alerts", "check", "transactions-0-99").error_line
    assert "is neither a file nor the id of an anomaly" in missing


def test_each_receiver_is_tried_by_itself(kafka: Kafka, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "no" / "such" / "folder.jsonl"
    alerting_file(
        kafka,
        {"type": "log", "name": "good", "file": str(good)},
        {"type": "log", "name": "bad", "file": str(bad)},
    )
    tried = faust(kafka, "alerts", "test")
    assert tried.code == 1
    assert tried.out.splitlines()[0] == "good: told"
    assert tried.out.splitlines()[1].startswith("bad: does not take it now: ")
    assert [json.loads(line)["type"] for line in good.read_text().splitlines()] == [
        "incident.opened",
        "incident.resolved",
    ]
    assert faust(kafka, "alerts", "test", "--receiver", "good").code == 0
    unknown = faust(kafka, "alerts", "test", "--receiver", "nobody").error_line
    assert unknown == "Error: there is no receiver nobody; there are good, bad"


def test_without_workers_there_is_nothing_to_silence_yet(kafka: Kafka) -> None:
    never_there = faust(kafka, "silence", "list").error_line
    assert "does not exist" in never_there
    no_end = faust(kafka, "silence", "add", "a = b", "--note", "n").error_line
    assert no_end == "Error: a silence needs a duration or an end, one of both"
