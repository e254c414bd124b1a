"""A store on PostgreSQL that is killed and frozen: nothing is missing, and nothing stands twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from harness.errors import PostgresNotStarted
from harness.postgres import Postgres, postgres
from harness.workers import Worker
from tests.support.commands import faust
from tests.support.kafka import Kafka, stats_of
from tests.support.store_workers import odd, store_stats, until_stored
from tests.support.traffic import send_steadily
from tests.support.waiting import elapse, eventually

pytestmark = pytest.mark.broker

DOWN = 15.0
"""Seconds that the database is away."""

COUNT, PER_SECOND = 3_000, 200


@pytest.fixture
def server(kafka: Kafka) -> Iterator[Postgres]:
    try:
        with postgres() as started:
            kafka.settings["ANOMALY_STORE"] = started.address
            yield started
    except PostgresNotStarted as fault:
        pytest.skip(str(fault))


async def all_scored(worker: Worker, count: int) -> dict[str, Any]:
    stats: dict[str, Any] = await eventually(
        lambda: stats_of(worker), lambda stats: stats.get("scored", 0) >= count
    )
    return stats


async def test_a_database_that_is_killed_again_and_again_loses_nothing(
    kafka: Kafka, server: Postgres
) -> None:
    values = [odd(f"card-{n % 50}", n) for n in range(COUNT)]
    async with kafka.worker() as worker:
        for begin in range(0, COUNT, 500):
            await send_steadily(kafka, values[begin : begin + 500], per_second=PER_SECOND)
            server.kill()
            await elapse(1.0)
            server.start()
        await all_scored(worker, COUNT)
        await until_stored(kafka, COUNT)
        assert "are the same, 0 differ" in faust(kafka, "store", "verify").said


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_a_database_that_is_away_holds_up_neither_scoring_nor_alerts(
    kafka: Kafka, server: Postgres, fault: str
) -> None:
    async with kafka.worker() as worker:
        await kafka.produce([odd(f"card-{n}", n) for n in range(10)])
        await until_stored(kafka, 10)
        server.kill() if fault == "kill" else server.freeze()
        await send_steadily(kafka, [odd("card-1", n) for n in range(1_000)], per_second=500)
        await all_scored(worker, 1_010)
        await eventually(
            lambda: stats_of(worker), lambda stats: stats["alerts"].get("taken") == 1_010
        )
        await elapse(DOWN)
        server.start() if fault == "kill" else server.thaw()
        await until_stored(kafka, 1_010)
        stats = await eventually(
            lambda: store_stats(worker), lambda stats: stats.get("state") == "writing"
        )
    assert stats["refused"] == 0


async def test_a_worker_stops_while_its_database_is_frozen(kafka: Kafka, server: Postgres) -> None:
    worker = kafka.start_worker()
    try:
        await worker.wait_until_ready()
        await kafka.produce([odd("card-1")])
        await until_stored(kafka, 1)
        server.freeze()
        await kafka.produce([odd("card-2")])
        await all_scored(worker, 2)
        assert worker.stop() == 0
    finally:
        server.thaw()
        worker.stop()
    async with kafka.worker():
        await until_stored(kafka, 2)


async def test_killed_and_frozen_workers_write_each_anomaly_once(
    kafka: Kafka, server: Postgres
) -> None:
    values = [odd(f"card-{n % 50}", n) for n in range(COUNT)]
    first = kafka.start_worker()
    second = kafka.start_worker()
    try:
        await first.wait_until_ready()
        await second.wait_until_ready()
        await send_steadily(kafka, values[: COUNT // 2], per_second=PER_SECOND)
        first.process.kill()
        await send_steadily(kafka, values[COUNT // 2 :], per_second=PER_SECOND)
        await until_stored(kafka, COUNT)
    finally:
        first.stop()
        second.stop()
    assert server.process is not None
