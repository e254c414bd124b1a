"""`memory rebuild` where people are told: the incidents are what their log says, told or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.workers import Worker
from tests.support.alert_accounts import TOKEN, incidents_of
from tests.support.alerts import opened, told, told_in_a_file
from tests.support.commands import faust
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.waiting import eventually, unchanged

pytestmark = pytest.mark.broker

CARDS = ("card-1", "card-2", "card-3")


def odd(entity: str, n: int = 0) -> bytes:
    return transaction(9_999.0 + n, "casino", entity=entity, n=n)


@asynccontextmanager
async def worker_with_incidents(kafka: Kafka) -> AsyncIterator[tuple[Worker, dict[str, Any]]]:
    """A worker that has the log of alerts, and what it says of the incidents at its start."""
    async with kafka.worker() as worker:
        stats = await eventually(lambda: stats_of(worker), lambda found: found["incidents"])
        yield worker, stats["incidents"]


@pytest.fixture
async def file(kafka: Kafka) -> Path:
    """What people were told by a worker that has stopped since; one incident was silenced."""
    file = told_in_a_file(kafka, group={"reason": False})
    kafka.settings["ANOMALY_WEB_TOKEN"] = TOKEN
    async with kafka.worker() as worker:
        await kafka.produce([odd(card, n) for card in CARDS for n in range(2)])
        await eventually(lambda: opened(file), lambda found: len(found) == len(CARDS))
        await eventually(
            lambda: incidents_of(worker),
            lambda found: [one["anomalies"] for one in found] == [2] * len(CARDS),
        )
        await eventually(
            lambda: stats_of(worker),
            lambda found: found["incidents"]["receivers"]["file"]["waiting"] == 0,
        )
    silence = ("silence", "add", "entity = card-4", "--for", "2h", "--note", "known")
    assert faust(kafka, *silence, "--yes").code == 0
    return file


async def test_after_a_rebuild_the_incidents_are_those_of_before_and_nobody_is_told_again(
    kafka: Kafka, file: Path
) -> None:
    async with worker_with_incidents(kafka) as (worker, before):
        await eventually(
            lambda: stats_of(worker), lambda found: found["incidents"]["silences"] == 1
        )
    lines = told(file)
    said = faust(kafka, "memory", "rebuild", "--all", "--yes").said
    assert f"{kafka.name}-alerts partition 0: " in said
    assert "offsets are replayed, from 0 to " in said
    assert "lost: nothing" in said
    async with worker_with_incidents(kafka) as (worker, after):
        assert (after["open"], after["known"]) == (before["open"], before["known"])
        assert (after["untold"], after["silences"]) == (0, 1)
        await unchanged(lambda: told(file), seconds=3.0)
        await kafka.produce([odd("card-1", 7), odd("card-4"), odd("card-5")])
        await eventually(lambda: opened(file), lambda found: found["card-5"] == 1)
    assert told(file)[: len(lines)] == lines
    assert dict(opened(file)) == dict.fromkeys([*CARDS, "card-5"], 1)
