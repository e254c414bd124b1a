"""Whatever dies, every transaction is judged, and repeats are harmless."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

import pytest

from harness.apache_kafka import ApacheKafka
from tests.support.accounts import settle
from tests.support.kafka import Kafka
from tests.support.supervisor import Supervisor, supervised
from tests.support.traffic import mixed, send_steadily
from tests.support.waiting import elapse, eventually

pytestmark = pytest.mark.broker

CATCH_UP = 180.0
"""Seconds that two workers may take for what is left when nothing is killed any more."""


PAUSES = [3.0, 5.0, 4.0, 6.0, 3.5]
"""Seconds between the ends of two workers."""


async def end_in_turn(supervisor: Supervisor, *how: signal.Signals) -> None:
    """End one worker after the other, for ever."""
    for turn in count():
        await elapse(PAUSES[turn % len(PAUSES)])
        supervisor.end(turn % len(supervisor.workers), how[turn // 2 % len(how)])


@asynccontextmanager
async def meanwhile(*stories: "asyncio.Future[None] | asyncio.Task[None]") -> AsyncIterator[None]:
    """Cancel tasks with the block."""
    try:
        yield
    finally:
        for story in stories:
            story.cancel()


async def test_nothing_is_lost_when_workers_and_the_broker_die(
    apache: ApacheKafka, kafka: Kafka, measured: Callable[[str], None]
) -> None:
    values = mixed(200_000)
    async with supervised(kafka, 2) as supervisor:
        sending = asyncio.create_task(send_steadily(kafka, values, per_second=4_000))
        ending = asyncio.create_task(end_in_turn(supervisor, signal.SIGKILL, signal.SIGTERM))
        async with meanwhile(ending):
            await elapse(25.0)
            apache.kill()
            await elapse(3.0)
            await apache.restart()
            await sending
        await eventually(kafka.lag, lambda lag: lag == 0, patience=CATCH_UP)
    account = await settle(kafka)
    assert account.transactions == len(values)
    assert len(account.expected) > 1_000
    assert len(account.bad) > 1_000
    assert sum(supervisor.exits.values()) >= 8
    measured(
        f"{account.repeats} of {account.anomalies.total() + account.dead_letters.total()} "
        f"messages are repeats; workers ended {dict(supervisor.exits)}"
    )
    account.check()


async def test_workers_that_are_stopped_in_turn_repeat_nothing(
    kafka: Kafka, measured: Callable[[str], None]
) -> None:
    values = mixed(90_000, seed=1)
    async with supervised(kafka, 2) as supervisor:
        ending = asyncio.create_task(end_in_turn(supervisor, signal.SIGTERM))
        async with meanwhile(ending):
            await send_steadily(kafka, values, per_second=3_000)
        await eventually(kafka.lag, lambda lag: lag == 0, patience=CATCH_UP)
    account = await settle(kafka)
    measured(f"{account.repeats} repeats; workers ended {dict(supervisor.exits)}")
    account.check()
    assert account.repeats == 0
    assert set(supervisor.exits) == {0}
    assert supervisor.exits[0] >= 5
