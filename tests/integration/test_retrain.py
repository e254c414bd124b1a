"""A model retrained from the topic that workers score, with labels from the feedback topic."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from anomaly_app.core.model.manifest import Manifest, read_manifest
from anomaly_app.registry.artifacts import load_model
from anomaly_app.registry.versions import MANIFEST_FILE, find_version
from tests.support.commands import faust
from tests.support.kafka import Kafka
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.broker

ROWS, SEEN = 900, 300

FRAUDS = [*range(740, 900, 16)]
"""Rows after the cut."""

EARLY = 500
"""A fraud before it."""


async def write_transactions(kafka: Kafka, until: float) -> dict[int, str]:
    """Write a payment a minute up to a time; the place of each."""
    await kafka.create_topics({kafka.transactions: kafka.partitions, kafka.feedback: 1})
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, linger_ms=5)
    await producer.start()
    places = {}
    try:
        for row in range(ROWS):
            is_odd = row in FRAUDS or row == EARLY
            value = {"id": row, "amt": 900.0 if is_odd else 20 + row % 13 + row / 1000}
            sent = await producer.send(
                kafka.transactions,
                json.dumps(value | {"shop": "abc"[row % 3]}).encode(),
                key=f"card-{row % 9}".encode(),
                timestamp_ms=int((until - 60.0 * (ROWS - row)) * 1000),
            )
            places[row] = sent
        await producer.flush()
        found = {row: await sent for row, sent in places.items()}
    finally:
        await producer.stop()
    return {row: f"{at.topic}-{at.partition}-{at.offset}" for row, at in found.items()}


def training(kafka: Kafka, folder: Path, *arguments: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "training", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **kafka.environment, "ANOMALY_MODEL": str(folder / "transactions")},
    )
    return ended.returncode, " ".join((ended.stdout + ended.stderr).split())


def manifest_of(folder: Path) -> Manifest:
    return read_manifest((folder / MANIFEST_FILE).read_bytes(), where=str(folder))


async def test_the_next_version_comes_from_the_topic_and_what_people_said_of_it(
    kafka: Kafka, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    now = time.time()
    old = tmp_path / "old.csv"
    lines = [
        f"{row},card-{row % 9},{now - 60.0 * (ROWS - row)},{20 + row % 13 + row / 1000},"
        f"{'abc'[row % 3]}"
        for row in range(SEEN)
    ]
    old.write_text("\n".join(["id,card,time,amt,shop", *lines]) + "\n")
    options = ("--detector", "robust_zscore", "--out", str(folder))
    code, output = training(kafka, folder, "fit", str(old), *options)
    assert code == 0, output

    places = await write_transactions(kafka, now)
    for row in FRAUDS:
        faust(kafka, "label", "add", "fraud", "--anomaly", places[row], "--user", "ada")
    # It became known before the cut.
    known = tmp_path / "chargebacks.csv"
    known.write_text(f"id,at\n{EARLY},{now - 60.0 * (ROWS - EARLY - 5)}\n")
    faust(kafka, "label", "import", str(known), "--user", "bank")

    code, output = training(kafka, folder, "retrain", "--labels", "topic")
    assert code == 0, output
    assert f"{len(FRAUDS) + 1} labels from the topic {kafka.feedback}" in output
    assert f"apply to {len(FRAUDS) + 1} rows" in output
    assert "1 frauds are left out" in output
    assert f"known frauds found │ {len(FRAUDS)} of {len(FRAUDS)}" in output
    new = manifest_of(folder / "transactions" / "2")
    assert new.training.source == f"topic {kafka.transactions}"
    assert new.training.rows + new.training.held_back == 720 - 1
    assert find_version(folder / "transactions").name == "1"
    assert load_model(folder / "transactions" / "2").manifest.version == "2"

    code, output = training(kafka, folder, "retrain", "--last", "30m", "--labels", "none")
    assert code == 1
    assert "are needed to judge on" in output
