"""Faust's commands on this app, as users run them: each is a process of its own."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.processes import free_port
from tests.support.commands import FAUST, faust
from tests.support.dead_letters import create_topics
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

COMPLETE = """
eval "$(faust -A anomaly_app.app completion bash)"
complete -p faust >&2
COMP_WORDS=({words}) COMP_CWORD={last}
_faust_completion faust
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def alone(model_folder: Path, tmp_path: Path) -> Kafka:
    """The surroundings of a command that needs no broker: there is none."""
    return Kafka(f"kafka://127.0.0.1:{free_port()}", tmp_path, model_folder)


def completed(kafka: Kafka, *words: str) -> list[str]:
    """What bash would offer for the last of the words."""
    ended = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE.format(words=" ".join(words), last=len(words) - 1)],
        env={
            **os.environ,
            **kafka.environment,
            "PATH": f"{Path(FAUST).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "complete -o nosort -F _faust_completion faust" in ended.stderr
    return ended.stdout.split()


def test_help_lists_what_this_app_has(alone: Kafka) -> None:
    listed = faust(alone, "--help").said.partition("Commands:")[2]
    commands = [line.split()[0] for line in listed.splitlines() if line.strip()]
    assert commands == [
        "agents",
        "alerts",
        "completion",
        "dlq",
        "label",
        "memory",
        "model",
        "models",
        "profile",
        "send",
        "silence",
        "store",
        "user",
        "worker",
    ]


def test_agents_show_their_topics_and_what_they_do(alone: Kafka) -> None:
    assert json.loads(faust(alone, "--json", "agents").said) == [
        {
            "name": "@alerting",
            "topic": alone.anomalies,
            "help": "Write anomalies to the log of alerts.",
        },
        {
            "name": "@feedback",
            "topic": alone.feedback,
            "help": "Write what people say to the log of alerts.",
        },
        {
            "name": "@incidents",
            "topic": f"{alone.name}-alerts",
            "help": "Turn anomalies and what people say into incidents, and decide who is told.",
        },
        {
            "name": "@scoring",
            "topic": alone.transactions,
            "help": "Score transactions, and send anomalies and dead letters.",
        },
    ]
    assert "Score transactions" in faust(alone, "agents").said


def test_models_are_the_records_on_the_wire(alone: Kafka) -> None:
    listed = json.loads(faust(alone, "--json", "models").said)
    assert [row["name"] for row in listed] == [
        *("Transaction", "RowTransaction", "FlatTransaction"),
        *("Reason", "ModelReference", "Anomaly", "DeadLetter"),
    ]
    assert all(row["help"].endswith(".") for row in listed)
    assert "One anomalous transaction" in faust(alone, "models").said


def test_a_model_has_its_fields_under_their_names_on_the_wire(alone: Kafka) -> None:
    def fields(name: str) -> dict[str, Any]:
        return {
            row.pop("field"): row for row in json.loads(faust(alone, "--json", "model", name).said)
        }

    anomaly = fields("anomaly_app.records.Anomaly")
    assert anomaly["score"] == {
        "type": "float",
        "presence": "required",
        "help": "0 to 1, high = anomalous.",
    }
    assert anomaly["reasons"]["type"] == "list[Reason]"
    assert fields("Transaction")["time"]["presence"] == "optional"
    assert [*fields("DeadLetter")] == [
        *("header error", "header source-topic", "header source-partition", "header source-offset"),
        *("key", "value"),
    ]
    text = faust(alone, "model", "Anomaly").said
    assert text.startswith("Anomaly: One anomalous transaction")
    assert "list[Reason], required" in text


def test_a_model_that_is_none_is_named_with_one_that_may_be_meant(alone: Kafka) -> None:
    assert "did you mean Anomaly?" in faust(alone, "model", "Anomly").error_line
    assert "the records are Transaction, " in faust(alone, "model", "os.system").error_line


def test_completion_knows_the_apps_own_commands_and_options(alone: Kafka) -> None:
    assert completed(alone, "faust", "-A", "anomaly_app.app", "d") == ["dlq"]
    assert "bad-time" in completed(
        alone, "faust", "-A", "anomaly_app.app", "dlq", "list", "--reason", "b"
    )


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_loads_the_app_in_every_shell(alone: Kafka, shell: str) -> None:
    script = faust(alone, "completion", SHELL=f"/usr/bin/{shell}").said
    assert f"_FAUST_COMPLETE={shell}_complete" in script
    assert script.count("faust -A anomaly_app.app 2>/dev/null)") == 1


def test_completion_for_another_shell_says_which_there_are(alone: Kafka) -> None:
    assert "bash, zsh, fish" in faust(alone, "completion", SHELL="/bin/tcsh").error_line


@pytest.mark.parametrize("command", ["tables", "reset", "clean-versions"])
def test_what_there_is_nothing_of_is_said_and_no_error(alone: Kafka, command: str) -> None:
    assert faust(alone, command).said.startswith("this app ")


def test_livecheck_is_refused(alone: Kafka) -> None:
    assert "/readyz" in faust(alone, "livecheck", "-l", "info").error_line


async def test_what_is_sent_from_the_command_line_is_scored_by_a_worker(kafka: Kafka) -> None:
    async with kafka.worker() as worker:
        odd = transaction(9_999.0, "casino", id="typed").decode()
        sent = json.loads(faust(kafka, "send", "@scoring", odd, "--key", "card-0042").said)
        assert sent["topic"] == kafka.transactions
        [anomaly] = await kafka.read(kafka.anomalies, 1)
        assert json.loads(anomaly.value)["transaction"] == json.loads(odd)
        assert anomaly.key == b"card-0042"

        usual = transaction().decode()
        send = faust(kafka, "send", kafka.transactions, usual, "--partition", "3", "-r", "2")
        assert [json.loads(line)["partition"] for line in send.said.splitlines()] == [3, 3]
        faust(kafka, "send", "@scoring", "-k", "card-1")
        stats = await eventually(lambda: stats_of(worker), lambda s: s["events"] >= 4)
    assert (stats["scored"], stats["dead_letters"]) == (3, 1)


async def test_bytes_that_are_no_text_are_sent_as_they_are(kafka: Kafka) -> None:
    await create_topics(kafka)
    faust(kafka, "send", kafka.transactions, os.fsdecode(b"\xff\xfe"), "-k", "")
    [record] = await kafka.read(kafka.transactions, 1)
    assert (record.key, record.value) == (b"", b"\xff\xfe")


async def test_what_cannot_be_sent_is_said_in_one_line(kafka: Kafka) -> None:
    await create_topics(kafka)
    assert "nothing to send" in faust(kafka, "send", "@scoring").error_line
    assert "the agents are @alerting, @feedback" in faust(kafka, "send", "@score", "{}").error_line
    nine = faust(kafka, "send", "@scoring", "{}", "--partition", "9").error_line
    assert "4 partitions, 0 to 3: there is no partition 9" in nine
    misspelt = f"{kafka.transactions}s"
    for _ in range(2):  # it was not created by the attempt
        assert f"topic {misspelt} does not exist" in faust(kafka, "send", misspelt, "{}").error_line


def test_sending_without_a_broker_names_the_setting(alone: Kafka) -> None:
    line = faust(alone, "send", "@scoring", "{}").error_line
    assert f"no broker answers at {alone.broker} (ANOMALY_BROKER)" in line


@pytest.mark.parametrize("command", [["agents"], ["send", "@scoring", "{}"]])
def test_a_wrong_setting_is_one_line(alone: Kafka, command: list[str]) -> None:
    assert "ANOMALY_PARTITIONS" in faust(alone, *command, ANOMALY_PARTITIONS="x").error_line


def test_a_log_file_that_cannot_be_written_is_named(alone: Kafka) -> None:
    ended = faust(alone, "worker", "--logfile", str(alone.folder / "none/worker.log"))
    assert ended.code == 1
    assert "error: cannot write the --logfile " in ended.err
