"""A worker that cannot run says why in one line and ends."""

import asyncio
import shutil
import socket
import sys
from pathlib import Path

import pytest

from anomaly_app.demo.broker import free_port
from tests.support.kafka import Kafka, run_to_its_end

pytestmark = pytest.mark.broker

ROOT = Path(__file__).parents[2]
FAUST = str(Path(sys.executable).with_name("faust"))


def start(kafka: Kafka, **environment: str) -> tuple[int, str]:
    command = [FAUST, "-A", "anomaly_app.app", "--datadir", str(kafka.folder / "data")]
    command += ["worker", "-l", "info", "--web-port", str(free_port())]
    return run_to_its_end(command, {**kafka.environment, **environment}, ROOT)


def error_line(ended: tuple[int, str]) -> str:
    code, output = ended
    assert code == 1, output
    assert "Traceback" not in output
    lines = [line for line in output.splitlines() if "error: " in line]
    assert len(lines) == 1, output
    return lines[0]


def test_without_a_model_it_says_what_to_run(kafka: Kafka) -> None:
    line = error_line(start(kafka, ANOMALY_MODEL=str(kafka.folder / "none")))
    assert "make train" in line


def test_a_changed_model_is_refused(kafka: Kafka) -> None:
    changed = kafka.folder / "changed"
    shutil.copytree(kafka.model, changed)
    with (changed / "model.joblib").open("ab") as file:
        file.write(b"x")
    line = error_line(start(kafka, ANOMALY_MODEL=str(changed)))
    assert "it was not loaded" in line


@pytest.mark.parametrize(
    ("name", "value"),
    [("ANOMALY_PARTITIONS", "four"), ("ANOMALY_BROKER", "x://y"), ("ANOMALY_TYPO", "1")],
)
def test_a_wrong_setting_is_named(kafka: Kafka, name: str, value: str) -> None:
    assert name in error_line(start(kafka, **{name: value}))


def test_an_unreachable_broker_is_waited_for_and_then_named(kafka: Kafka) -> None:
    address = f"kafka://127.0.0.1:{free_port()}"
    ended = start(kafka, ANOMALY_BROKER=address, ANOMALY_BROKER_WAIT="3")
    assert f"no broker answers at {address}" in error_line(ended)
    assert "trying again" in ended[1]


def test_a_topic_with_other_partitions_is_named(kafka: Kafka) -> None:
    async def create() -> None:
        async with kafka.worker():
            pass

    asyncio.run(create())
    line = error_line(start(kafka, ANOMALY_PARTITIONS="7"))
    assert f"topic {kafka.transactions} has 4 partitions, ANOMALY_PARTITIONS says 7" in line


def test_a_web_port_that_is_taken_is_named(kafka: Kafka) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [FAUST, "-A", "anomaly_app.app", "--datadir", str(kafka.folder / "data")]
        ended = run_to_its_end([*command, "worker", "--web-port", port], kafka.environment, ROOT)
    assert f"cannot listen on 127.0.0.1:{port}" in error_line(ended)
