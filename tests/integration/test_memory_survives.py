"""Memories on a real broker: published, restored, compared and refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from anomaly_app.kafka.changelog.manifest import read_manifest, write_manifest
from anomaly_app.registry.artifacts import save_model
from tests.support.commands import faust
from tests.support.factories import NOON, transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.memories import fitted_with_memory
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

EVENTS = 2_000


@pytest.fixture
def remembering(kafka: Kafka, tmp_path: Path) -> Kafka:
    made = fitted_with_memory()
    kafka.model = save_model(tmp_path / "models", made.manifest, made.pickle)
    kafka.settings |= {"ANOMALY_MEMORY_INTERVAL": "1"}
    return kafka


def payments(count: int = EVENTS) -> list[bytes]:
    return [transaction(5.0 + n % 60, f"shop-{n % 7}", time=NOON + 20.0 * n) for n in range(count)]


def statuses(kafka: Kafka) -> list[dict[str, Any]]:
    ended = faust(kafka, "memory", "status", "--json")
    found = [json.loads(line) for line in ended.out.splitlines()]
    return [one for one in found if one["key"] != "alerts"]


async def claim_another_spec(kafka: Kafka) -> None:
    """Write a manifest as a worker with another model does."""
    topic = f"{kafka.name}-memory"
    manifests = [r for r in await kafka.read_all(topic) if (r.key or b"").count(b"/") == 1]
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers)
    await producer.start()
    try:
        for record in manifests:
            value = write_manifest(replace(read_manifest(record.value), spec="77ab" * 16))
            await producer.send_and_wait(topic, value, record.key, record.partition)
    finally:
        await producer.stop()


async def test_what_killed_workers_remembered_is_what_the_log_says(remembering: Kafka) -> None:
    kafka = remembering
    async with kafka.worker() as worker:
        await kafka.produce([*payments()], keys=lambda n: b"card-%d" % (n % 97))
        await eventually(lambda: stats_of(worker), lambda stats: stats.get("events") == EVENTS)
        await eventually(
            lambda: statuses(kafka),
            lambda found: (
                sum(one["committed"] or 0 for one in found) == EVENTS
                and sum(one["to_replay"] or 0 for one in found) == 0
            ),
        )
        worker.process.kill()
    found = statuses(kafka)
    assert sum(one["entities"] for one in found) == 97
    assert all(one["blocks"] and one["owner"].startswith("http://") for one in found)
    verified = faust(kafka, "memory", "verify")
    assert verified.code == 0, verified.out + verified.err
    assert verified.out.splitlines()[-1] == (
        "4 of 4 memories compared, 97 entities: 0 mismatches, 0 missing, 0 extra"
    )


async def test_a_worker_that_cannot_restore_a_memory_ends_with_one_line(
    remembering: Kafka,
) -> None:
    kafka = remembering
    async with kafka.worker() as worker:
        await kafka.produce([*payments(400)], keys=lambda n: b"card-%d" % (n % 97))
        await eventually(lambda: stats_of(worker), lambda stats: stats.get("events") == 400)
        await eventually(kafka.committed, lambda offsets: sum(offsets.values()) == 400)
        running = faust(kafka, "memory", "rebuild", "--all", "--yes")
        assert "stop all workers first" in running.err
    await claim_another_spec(kafka)
    worker = kafka.start_worker()
    await eventually(worker.process.poll, lambda code: code is not None)
    assert worker.process.returncode == 1
    assert "it has the feature spec 77ab77ab77ab, and the model has" in worker.exit_reason()
    assert faust(kafka, "memory", "status").code == 1
