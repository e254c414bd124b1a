"""Topics as their owners keep them: transactions, markers, holes, retention, more partitions."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions, NewTopic, RecordsToDelete
from confluent_kafka import Producer

from anomaly_app.kafka.consumer.record_batches import CODECS
from harness.apache_kafka import ApacheKafka
from harness.workers import Worker
from tests.support import librdkafka
from tests.support.factories import transaction
from tests.support.kafka import Kafka, admin_of, run_to_its_end, stats_of
from tests.support.traffic import transactions
from tests.support.waiting import elapse, eventually, unchanged

pytestmark = pytest.mark.broker

EACH = 250


def send(producer: Producer, topic: str, values: Sequence[bytes]) -> None:
    """Write records that are on the broker when this returns, whatever comes of them."""
    for place, value in enumerate(values):
        producer.produce(topic, value, key=f"card-{place % 9}")
    assert producer.flush(60) == 0


async def lags(worker: Worker, topic: str) -> dict[int, tuple[int, int]]:
    """For each partition what waits to be judged, and what waits for open transactions."""
    stats = await stats_of(worker)
    return {
        p["partition"]: (p["lag"], p["in_open_transactions"])
        for p in stats.get("partitions", [])
        if p["topic"] == topic
    }


async def wait_until_done(kafka: Kafka, worker: Worker) -> None:
    """Return when the worker says that nothing waits, and the group has committed it all."""
    await eventually(
        lambda: lags(worker, kafka.transactions),
        lambda found: len(found) == kafka.partitions and set(found.values()) == {(0, 0)},
    )
    await eventually(kafka.lag, lambda lag: lag == 0)


async def test_aborted_transactions_are_not_judged_and_markers_leave_no_lag(
    apache: object, kafka: Kafka
) -> None:
    wild = [transaction(9_999.0, "casino", id=f"aborted-{n}") for n in range(EACH)]
    good = transactions(EACH)
    async with kafka.worker() as worker:
        producer = librdkafka.transactional_producer(kafka.servers, kafka.name)
        for values, end in (
            (wild, producer.abort_transaction),
            (good, producer.commit_transaction),
        ):
            producer.begin_transaction()
            send(producer, kafka.transactions, values)
            # The worker would have read by then what it may not.
            await unchanged(lambda: lags(worker, kafka.transactions), seconds=0.5)
            end(60)
        await wait_until_done(kafka, worker)
        stats = await stats_of(worker)
        assert stats["events"] == stats["scored"] == EACH
        # The same once more, from the beginning: now in one answer of the broker.
    async with kafka.worker(ANOMALY_GROUP=f"{kafka.name}-2") as worker:
        await eventually(lambda: stats_of(worker), lambda s: s.get("events") == EACH)
        again = await eventually(
            lambda: lags(worker, kafka.transactions), lambda f: set(f.values()) == {(0, 0)}
        )
        assert len(again) == kafka.partitions
        assert (await stats_of(worker))["scored"] == EACH
    ids = [a.transaction["id"] for a in await kafka.read_anomalies(0)]
    assert not [i for i in ids if str(i).startswith("aborted")]


async def test_records_of_an_open_transaction_wait_and_are_shown(
    apache: object, kafka: Kafka
) -> None:
    async with kafka.worker() as worker:
        producer = librdkafka.transactional_producer(kafka.servers, kafka.name)
        producer.begin_transaction()
        send(producer, kafka.transactions, transactions(EACH))
        await eventually(
            lambda: lags(worker, kafka.transactions),
            lambda f: (
                sum(waiting or 0 for _, waiting in f.values()) == EACH
                and {lag for lag, _ in f.values()} == {0}
            ),
        )
        assert (await stats_of(worker))["events"] == 0
        producer.commit_transaction(60)
        await wait_until_done(kafka, worker)
        assert (await stats_of(worker))["scored"] == EACH


async def test_the_holes_of_a_compacted_topic_leave_no_lag(apache: object, kafka: Kafka) -> None:
    compacted = {
        "cleanup.policy": "compact",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "min.compaction.lag.ms": "0",
        "max.compaction.lag.ms": "100",
    }

    async def kept() -> int:
        return len(await kafka.read_all(kafka.transactions))

    async with admin_of(kafka) as admin:
        await admin.create_topics(
            [NewTopic(kafka.transactions, kafka.partitions, 1, topic_configs=compacted)]
        )
    for _ in range(4):
        librdkafka.produce(kafka.servers, kafka.transactions, transactions(EACH))
        await elapse(0.3)  # a segment for each
    left = await eventually(kept, lambda count: count < 2 * EACH)
    async with kafka.worker() as worker:
        await wait_until_done(kafka, worker)
        assert 0 < (await stats_of(worker))["scored"] <= left


@pytest.mark.parametrize("codec", ["snappy", "zstd"])
async def test_what_kafkas_own_java_client_writes_in_transactions_is_judged_once(
    apache: ApacheKafka, kafka: Kafka, codec: str
) -> None:
    lines = kafka.folder / "lines"
    lines.write_bytes(b"\n".join(transactions(2 * EACH)))
    source = Path(__file__).with_name("java") / "TransactionalProducer.java"
    command = ["java", "-cp", str(apache.jars.absolute() / "*"), str(source)]
    async with kafka.worker() as worker:
        arguments = [kafka.servers, kafka.transactions, codec, str(lines)]
        code, said = await asyncio.to_thread(run_to_its_end, [*command, *arguments], {})
        assert code == 0, said
        await wait_until_done(kafka, worker)
        stats = await stats_of(worker)
        assert (stats["scored"], stats["dead_letters"]) == (2 * EACH, 0)
    batches = await librdkafka.compressions(kafka.servers, kafka.transactions, kafka.partitions)
    assert CODECS.index(codec) in {number for number, _ in batches}


async def delete_before(kafka: Kafka, ends: dict[int, int]) -> None:
    """Do to the transactions topic what retention does."""
    async with admin_of(kafka) as admin:
        await admin.delete_records(
            {TopicPartition(kafka.transactions, p): RecordsToDelete(end) for p, end in ends.items()}
        )


def gap_lines(worker: Worker) -> list[str]:
    return [
        line
        for line in worker.log.read_text().splitlines()
        if "were deleted before this group had read them" in line
    ]


async def test_records_that_retention_deletes_unread_are_counted_at_the_start(
    apache: object, kafka: Kafka
) -> None:
    async with kafka.worker() as worker:
        await kafka.produce(transactions(400), keys=lambda _: b"card-1")
        await wait_until_done(kafka, worker)
    [(partition, read)] = [(p, end) for p, end in (await kafka.committed()).items() if end]
    await kafka.produce(transactions(300), keys=lambda _: b"card-1")
    await delete_before(kafka, {partition: read + 200})
    async with kafka.worker() as worker:
        stats = await eventually(
            lambda: stats_of(worker), lambda s: s.get("lost_to_retention") == 200
        )
        await wait_until_done(kafka, worker)
        assert (await stats_of(worker))["scored"] == 100
        [row] = [
            p
            for p in stats["partitions"]
            if (p["topic"], p["partition"]) == (kafka.transactions, partition)
        ]
        assert row["lost_to_retention"] == 200
        [line] = gap_lines(worker)
        assert "WARNING" in line
        assert (
            f"topic {kafka.transactions} partition {partition}: offsets {read} to {read + 199}"
            in line
        )
        assert f"reading from offset {read + 200}" in line


async def test_all_unread_records_deleted_are_counted_although_nothing_is_left_to_read(
    apache: object, kafka: Kafka
) -> None:
    async with kafka.worker() as worker:
        await kafka.produce(transactions(50), keys=lambda _: b"card-1")
        await wait_until_done(kafka, worker)
    [(partition, read)] = [(p, end) for p, end in (await kafka.committed()).items() if end]
    await kafka.produce(transactions(200), keys=lambda _: b"card-1")
    await delete_before(kafka, {partition: read + 200})
    async with kafka.worker() as worker:
        await eventually(lambda: stats_of(worker), lambda s: s.get("lost_to_retention") == 200)
        await eventually(lambda: len(gap_lines(worker)), lambda count: count == 1)
        await wait_until_done(kafka, worker)


async def test_records_that_retention_deletes_while_a_worker_is_frozen_are_counted(
    apache: object, kafka: Kafka
) -> None:
    async with kafka.worker(ANOMALY_SESSION_TIMEOUT="45") as worker:
        await kafka.produce(transactions(50), keys=lambda _: b"card-1")
        await wait_until_done(kafka, worker)
        [(partition, read)] = [(p, end) for p, end in (await kafka.committed()).items() if end]
        worker.process.send_signal(signal.SIGSTOP)
        await elapse(0.5)  # so long the broker holds a fetch back at most
        await kafka.produce(transactions(300), keys=lambda _: b"card-1")
        await delete_before(kafka, {partition: read + 200})
        worker.process.send_signal(signal.SIGCONT)
        stats = await eventually(
            lambda: stats_of(worker), lambda s: s.get("lost_to_retention", 0) > 0
        )
        assert stats["lost_to_retention"] == 200
        await wait_until_done(kafka, worker)
        assert (await stats_of(worker))["scored"] == 50 + 100
        assert len(gap_lines(worker)) == 1


async def test_partitions_that_are_added_are_read_within_a_minute(
    apache: object, kafka: Kafka, measured: Any
) -> None:
    clock = asyncio.get_running_loop().time
    async with kafka.worker() as worker:
        await kafka.produce(transactions(100))
        await wait_until_done(kafka, worker)
        async with admin_of(kafka) as admin:
            await admin.create_partitions({kafka.transactions: NewPartitions(7)})
        began = clock()
        kafka.partitions = 7
        await kafka.produce(transactions(900), keys=lambda n: f"card-{n}".encode())
        await eventually(lambda: stats_of(worker), lambda s: s.get("events") == 1_000, patience=60)
        measured(f"{clock() - began:.0f} s until added partitions were read")
        await wait_until_done(kafka, worker)
