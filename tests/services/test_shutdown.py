"""A worker that is asked to stop finishes what it has in flight, commits, and leaves its group."""

import asyncio
import signal
import time
from collections.abc import Callable

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.support.accounts import settle
from tests.support.faults import save_faulty_model
from tests.support.kafka import Kafka, stats_of
from tests.support.traffic import mixed
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

LONGEST_STOP = 10.0
"""Seconds."""


async def members(kafka: Kafka) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    try:
        [answer] = await admin.describe_consumer_groups([kafka.name])
    finally:
        await admin.close()
    [(_, _, _, _, _, found, *_)] = answer.groups
    return len(found)


async def test_a_stop_finishes_the_batch_in_flight_commits_and_leaves(
    kafka: Kafka, measured: Callable[[str], None]
) -> None:
    kafka.model, faults = save_faulty_model(kafka.folder)
    async with kafka.worker() as worker:
        await kafka.produce(mixed(1_000))
        await eventually(kafka.lag, lambda lag: lag == 0)
        assert await members(kafka) == 1
        # A batch is scored in a few calls, of which each takes so long.
        faults.sleep(1.0)
        await kafka.produce(mixed(2_000, seed=1))
        await eventually(lambda: faults.slow_calls, lambda calls: calls > 0)
        begin = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(worker.process.wait)
        took = time.monotonic() - begin
    assert code == 0
    assert await members(kafka) == 0
    committed = sum((await kafka.committed()).values())
    # What was in flight is done, and what was not begun is not.
    assert 1_000 < committed < 3_000
    faults.heal()
    async with kafka.worker() as second:
        await eventually(kafka.lag, lambda lag: lag == 0)
        stats = await stats_of(second)
    assert stats["events"] == 3_000 - committed
    account = await settle(kafka)
    account.check()
    assert account.repeats == 0
    measured(f"{took:.1f} s to stop with a batch in flight")
    assert took < LONGEST_STOP
