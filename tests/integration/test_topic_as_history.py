"""A model from what a topic holds, by the command, on a real broker."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from anomaly_app.core.model.manifest import Manifest, read_manifest
from anomaly_app.registry.versions import MANIFEST_FILE
from tests.support.kafka import Kafka
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.broker

ROWS = 600


async def write_history(kafka: Kafka, until: float) -> None:
    """Write a payment a minute up to a time, with a few records that are none."""
    await kafka.create_topics({kafka.transactions: kafka.partitions})
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, linger_ms=5)
    await producer.start()
    try:
        for place in range(ROWS):
            value = {"amt": 20 + place % 13 + place / 1000, "shop": "abc"[place % 3]}
            await producer.send(
                kafka.transactions,
                b'{"amt": 1' if place % 100 == 99 else json.dumps(value).encode(),
                key=f"card-{place % 9}".encode(),
                timestamp_ms=int((until - 60.0 * (ROWS - place) + 30) * 1000),
            )
        await producer.flush()
    finally:
        await producer.stop()


def fit(kafka: Kafka, folder: Path, *options: str, topic: str = "") -> tuple[int, str]:
    address = f"{kafka.broker}/{topic or kafka.transactions}"
    command = [sys.executable, "-m", "training", "fit", address, "--detector", "robust_zscore"]
    ended = subprocess.run(
        [*command, "--out", str(folder), *options],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ended.returncode, " ".join((ended.stdout + ended.stderr).split())


def manifest_of(folder: Path) -> Manifest:
    return read_manifest((folder / MANIFEST_FILE).read_bytes(), where=str(folder))


async def test_a_model_is_fitted_on_what_a_topic_holds(kafka: Kafka, tmp_path: Path) -> None:
    now = time.time()
    await write_history(kafka, now)
    code, output = fit(kafka, tmp_path / "models")
    assert code == 0, output
    assert "6 of 600 records are unreadable and were left out: 6 not-json" in output
    assert "fitted on 446 rows, calibrated on 148" in output
    manifest = manifest_of(tmp_path / "models/transactions/1")
    assert (manifest.roles.key, manifest.roles.time) == ("kafka_key", "kafka_timestamp")
    assert [f.name for f in manifest.schema.wire_features] == ["amt", "shop"]
    assert manifest.training.source == f"topic {kafka.transactions}"
    assert manifest.training.transactions_a_day == pytest.approx(1_440, rel=0.02)

    code, output = fit(kafka, tmp_path / "models", "--last", "5h", "--roles", "features=amt")
    assert code == 0, output
    newest = manifest_of(tmp_path / "models/transactions/2").training
    # Three of the 300 are none; a minute passes on a busy machine.
    assert 290 <= newest.rows + newest.held_back <= 297
    code, output = fit(kafka, tmp_path / "models", "--last", "1s")
    assert code == 1
    assert output.endswith("has no records in that period: widen --last")


def test_a_topic_that_is_not_there_is_one_line(kafka: Kafka, tmp_path: Path) -> None:
    code, output = fit(kafka, tmp_path, topic="no-such-topic")
    assert code == 1
    assert output.startswith(f"Error: topic no-such-topic does not exist at {kafka.broker}")
