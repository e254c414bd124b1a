"""Memories that cannot be exact: the worker ends, says why, and a rebuild mends it."""

from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import RecordsToDelete

from anomaly_app.registry.artifacts import save_model
from harness.apache_kafka import ApacheKafka
from tests.support.alerts import opened, told, told_in_a_file
from tests.support.commands import faust
from tests.support.factories import NOON, transaction
from tests.support.kafka import Kafka, admin_of, stats_of
from tests.support.memories import fitted_with_memory
from tests.support.published import to_replay
from tests.support.waiting import eventually, unchanged

pytestmark = pytest.mark.broker

EVENTS = 400


@pytest.fixture
async def judged(apache: ApacheKafka, kafka: Kafka, tmp_path: Path) -> Kafka:
    """The surroundings of a worker that has judged, published hardly anything, and was killed."""
    made = fitted_with_memory()
    kafka.model = save_model(tmp_path / "models", made.manifest, made.pickle)
    values = [transaction(5.0 + n % 60, time=NOON + 20.0 * n) for n in range(EVENTS)]
    async with kafka.worker() as worker:
        await kafka.produce([*values], keys=lambda n: b"card-%d" % (n % 97))
        await eventually(lambda: stats_of(worker), lambda stats: stats.get("events") == EVENTS)
        await eventually(kafka.committed, lambda offsets: sum(offsets.values()) == EVENTS)
        worker.process.kill()
    return kafka


async def rewind(kafka: Kafka, offset: int) -> None:
    """Reset the group's offsets, as operators do."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.servers, group_id=kafka.name, enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(kafka.transactions, n) for n in range(kafka.partitions)]
        consumer.assign(partitions)
        await consumer.commit(dict.fromkeys(partitions, offset))
    finally:
        await consumer.stop()


async def delete_before(kafka: Kafka, offset: int) -> None:
    """Do what retention does."""
    async with admin_of(kafka) as admin:
        partitions = [TopicPartition(kafka.transactions, n) for n in range(kafka.partitions)]
        await admin.delete_records({one: RecordsToDelete(offset) for one in partitions})


async def refused(kafka: Kafka) -> str:
    """Start a worker, and return the line with which it ends."""
    worker = kafka.start_worker()
    await eventually(worker.process.poll, lambda code: code is not None)
    assert worker.process.returncode == 1
    return worker.exit_reason()


async def rebuild(kafka: Kafka) -> str:
    """Rebuild as soon as the killed worker does not count any more, and return what is said."""
    ended = await eventually(
        lambda: faust(kafka, "memory", "rebuild", "--yes"), lambda ended: ended.code == 0
    )
    return str(ended.out)


async def test_records_that_retention_has_deleted_are_missed(judged: Kafka) -> None:
    await delete_before(judged, 10)
    line = await refused(judged)
    assert "records from offset 0 on have to be replayed, but retention has deleted" in line
    assert "lost: what offsets 0 to 9 said, which are deleted" in await rebuild(judged)
    async with judged.worker() as worker:
        assert (await stats_of(worker))["events"] == 0
    assert faust(judged, "memory", "verify").code == 0


async def test_offsets_that_are_rewound_are_noticed(judged: Kafka) -> None:
    judged.settings |= {"ANOMALY_MEMORY_INTERVAL": "1"}
    async with judged.worker():
        await eventually(lambda: to_replay(judged), lambda left: left == 0)
    await rewind(judged, 1)
    assert "but the group has committed offset 1: it was rewound" in await refused(judged)
    assert "1 offsets are replayed, from 0 to 1; lost: nothing" in await rebuild(judged)
    async with judged.worker() as worker:
        again = EVENTS - judged.partitions
        await eventually(lambda: stats_of(worker), lambda stats: stats.get("events") == again)
        await eventually(judged.committed, lambda offsets: sum(offsets.values()) == EVENTS)
    assert faust(judged, "memory", "verify").code == 0


def odd(n: int) -> bytes:
    return transaction(9_999.0 + n, "casino", entity="card-1", n=n)


async def test_incidents_that_retention_has_taken_are_said_to_be_lost_and_are_new_again(
    apache: ApacheKafka, kafka: Kafka
) -> None:
    file, log = told_in_a_file(kafka), TopicPartition(f"{kafka.name}-alerts", 0)
    async with kafka.worker() as worker:
        await kafka.produce([odd(0), odd(1)])
        await eventually(lambda: opened(file), lambda found: found["card-1"] == 1)
        await eventually(
            lambda: stats_of(worker),
            lambda found: (
                found["alerts"] == {"taken": 2}
                and found["incidents"]["receivers"]["file"]["waiting"] == 0
            ),
        )
    end = (await kafka.read_all(log.topic))[-1].offset + 1
    async with admin_of(kafka) as admin:
        await admin.delete_records({log: RecordsToDelete(end)})
    lines = told(file)
    said = faust(kafka, "memory", "rebuild", "--partition", f"{log.topic}-0", "--yes").said
    assert f"lost: what offsets 0 to {end - 1} said, which are deleted" in said
    async with kafka.worker() as worker:
        stats = await eventually(lambda: stats_of(worker), lambda found: found["incidents"])
        assert stats["incidents"]["known"] == 0
        assert await unchanged(lambda: told(file), seconds=3.0) == lines
        await kafka.produce([odd(2)])
        await eventually(lambda: opened(file), lambda found: found["card-1"] == 2)
