"""Workers come and go under load: nothing is lost, and nobody waits for long."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle

import msgspec
import pytest

from anomaly_app.settings.app import Settings
from tests.support.accounts import settle
from tests.support.kafka import Kafka
from tests.support.supervisor import Supervisor, supervised
from tests.support.traffic import mixed, send_steadily
from tests.support.waiting import elapse, eventually

pytestmark = pytest.mark.broker

RATE = 1_000
"""Transactions a second."""

EVERY = 20.0
"""Seconds between two changes of the group."""

CHANGES = 8

LONGEST_STALL = 5.0
"""Seconds that a transaction may wait when a worker is added."""


@dataclass
class Changes:
    """When workers were added and removed, in seconds since the epoch."""

    added: list[float] = field(default_factory=list)
    removed: list[float] = field(default_factory=list)

    async def make(self, supervisor: Supervisor) -> None:
        due = time.monotonic()
        for add in cycle([True, True, False, False]):
            due += EVERY
            await elapse(due - time.monotonic())
            if len(self.added) + len(self.removed) == CHANGES:
                return
            (self.added if add else self.removed).append(time.time())
            if add:
                await supervisor.add()
            else:
                await supervisor.remove(supervisor.workers[0])


async def waits_of(kafka: Kafka) -> list[tuple[float, float]]:
    """For each anomaly, when its transaction was produced, and how long it waited."""
    produced = {
        f"{r.topic}-{r.partition}-{r.offset}": r.timestamp / 1000
        for r in await kafka.read_all(kafka.transactions)
    }
    waits = []
    for message in await kafka.read_all(kafka.anomalies):
        anomaly = msgspec.json.decode(message.value)
        detected = datetime.fromisoformat(anomaly["detected_at"]).timestamp()
        waits.append((produced[anomaly["id"]], detected - produced[anomaly["id"]]))
    return waits


def longest(waits: list[tuple[float, float]], moments: list[float]) -> float:
    """The longest wait that began between a moment and the next change."""
    return max(
        wait
        for produced, wait in waits
        if any(moment - 1.0 <= produced < moment + EVERY - 1.0 for moment in moments)
    )


async def test_workers_that_come_and_go_lose_nothing_and_hardly_stall(
    kafka: Kafka, measured: Callable[[str], None]
) -> None:
    # The defaults that users have, not those that make tests quick.
    for name in ("session_timeout", "rebalance_timeout", "fetch_wait"):
        default = Settings.model_fields[name].default
        kafka.settings[Settings.environment_name(name)] = str(default)
    values = mixed(int(RATE * EVERY * (CHANGES + 1)))
    changes = Changes()
    async with supervised(kafka, 1) as supervisor:
        sending = asyncio.create_task(send_steadily(kafka, values, per_second=RATE))
        await changes.make(supervisor)
        await sending
        await eventually(kafka.lag, lambda lag: lag == 0)
    account = await settle(kafka)
    account.check()
    waits = await waits_of(kafka)
    added, removed = longest(waits, changes.added), longest(waits, changes.removed)
    measured(
        f"longest stall {added:.2f} s with a worker added ({len(changes.added)} times), "
        f"{removed:.2f} s with one stopped ({len(changes.removed)} times); "
        f"{account.repeats} repeats; workers ended {dict(supervisor.exits)}"
    )
    assert account.repeats == 0
    assert set(supervisor.exits) == {0}
    assert added < LONGEST_STALL
