"""A worker that cannot run says why in one line and ends."""

import pickle
import shutil
import socket
import sys
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from harness.processes import free_port
from tests.support.kafka import Kafka, run_to_its_end

pytestmark = pytest.mark.broker

FAUST = str(Path(sys.executable).with_name("faust"))


def start(kafka: Kafka, **environment: str) -> tuple[int, str]:
    command = [FAUST, "-A", "anomaly_app.app", "--datadir", str(kafka.folder / "data")]
    command += ["worker", "-l", "info", "--web-port", str(free_port())]
    return run_to_its_end(command, {**kafka.environment, **environment})


def error_line(ended: tuple[int, str]) -> str:
    code, output = ended
    assert code == 1, output
    assert "Traceback" not in output
    lines = [line for line in output.splitlines() if "error: " in line]
    assert len(lines) == 1, output
    return lines[0]


def test_without_a_model_it_says_what_to_run(kafka: Kafka) -> None:
    line = error_line(start(kafka, ANOMALY_MODEL=str(kafka.folder / "none")))
    assert "python -m training fit" in line


class Bomb:
    """Leaves a trace where it is unpickled."""

    def __init__(self, crater: Path) -> None:
        self.crater = crater

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.crater,))


def test_a_changed_model_is_refused_before_it_is_unpickled(kafka: Kafka) -> None:
    changed, crater = kafka.folder / "changed", kafka.folder / "crater"
    shutil.copytree(kafka.model, changed)
    bomb = pickle.dumps(Bomb(crater))
    (changed / "model.joblib").write_bytes(bomb)
    line = error_line(start(kafka, ANOMALY_MODEL=str(changed)))
    assert "it was not loaded" in line
    assert not crater.exists()
    pickle.loads(bomb)  # noqa: S301  # our own
    assert crater.exists(), "the bomb is a dud, and proves nothing"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANOMALY_PARTITIONS", "four"),
        ("ANOMALY_BROKER", "x://y"),
        ("ANOMALY_BROKER", "kafka://localhost:90920"),
        ("ANOMALY_TYPO", "1"),
    ],
)
def test_a_wrong_setting_is_named(kafka: Kafka, name: str, value: str) -> None:
    assert name in error_line(start(kafka, **{name: value}))


def test_hashing_without_a_secret_is_refused(kafka: Kafka) -> None:
    line = error_line(start(kafka, ANOMALY_ROLES="hash=card"))
    assert "hash=card needs a secret to hash with: set ANOMALY_HASH_KEY" in line


def test_an_unreachable_broker_is_waited_for_and_then_named(kafka: Kafka) -> None:
    address = f"kafka://127.0.0.1:{free_port()}"
    ended = start(kafka, ANOMALY_BROKER=address, ANOMALY_BROKER_WAIT="3")
    assert f"no broker answers at {address}" in error_line(ended)
    assert "trying again" in ended[1]


async def test_a_worker_makes_its_topics_and_listens_on_its_own_host_only(kafka: Kafka) -> None:
    async with kafka.worker() as worker:
        socket.create_connection(("127.0.0.1", worker.port), timeout=5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", worker.port), timeout=5)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    try:
        described = await admin.describe_topics()
    finally:
        await admin.close()
    replicas = {
        topic["topic"]: [len(partition["replicas"]) for partition in topic["partitions"]]
        for topic in described
    }
    for topic in (kafka.transactions, kafka.anomalies, kafka.dead_letters):
        assert replicas[topic] == [1] * kafka.partitions


def test_dead_letters_that_would_go_to_the_transactions_are_refused(kafka: Kafka) -> None:
    line = error_line(start(kafka, ANOMALY_DEAD_LETTERS_TOPIC=kafka.transactions))
    assert "ANOMALY_TRANSACTIONS_TOPIC and ANOMALY_DEAD_LETTERS_TOPIC are both" in line


def test_a_web_port_that_is_taken_is_named(kafka: Kafka) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [FAUST, "-A", "anomaly_app.app", "--datadir", str(kafka.folder / "data")]
        ended = run_to_its_end([*command, "worker", "--web-port", port], kafka.environment)
    assert f"cannot listen on 127.0.0.1:{port}" in error_line(ended)
