"""From anomalies to incidents to people, with real workers."""

import json

import pytest

from tests.support.alerts import opened, told, told_in_a_file
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.waiting import eventually, unchanged

pytestmark = pytest.mark.broker


def odd(entity: str, n: int = 0) -> bytes:
    return transaction(9_999.0 + n, "casino", entity=entity, n=n)


async def test_anomalies_of_one_entity_are_one_message_and_a_restart_does_not_repeat_it(
    kafka: Kafka,
) -> None:
    file = told_in_a_file(kafka)
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-1", n) for n in range(5)] + [odd("card-2")])
        await eventually(lambda: opened(file), lambda found: len(found) == 2)
        stats = await eventually(
            lambda: stats_of(worker),
            lambda s: s["incidents"]["receivers"]["file"]["waiting"] == 0,
        )
        assert stats["alerts"] == {"taken": 6}
        assert sum(stats["incidents"]["open"].values()) == 2
    before = told(file)
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-3")])
        await eventually(lambda: opened(file), lambda found: len(found) == 3)
        stats = await stats_of(worker)
    assert opened(file) == {"card-1": 1, "card-2": 1, "card-3": 1}
    assert sum(stats["incidents"]["open"].values()) == 3
    assert [one for one in told(file)[: len(before)]] == before


async def test_what_was_told_is_known_after_a_kill(kafka: Kafka) -> None:
    file = told_in_a_file(kafka)
    async with kafka.worker() as worker:
        await kafka.produce([odd(f"card-{n}") for n in range(3)])
        await eventually(lambda: opened(file), lambda found: len(found) == 3)
        worker.process.kill()
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-1", 7)])
        await eventually(
            lambda: stats_of(worker),
            lambda s: s["incidents"] and s["alerts"] == {"taken": 1},
        )
        found = await unchanged(lambda: opened(file), seconds=3.0)
        incidents = await kafka.read_all(f"{kafka.name}-incidents")
    assert all(count == 1 for count in found.values())
    latest = {record.key: json.loads(record.value) for record in incidents}
    assert latest[b"learning"] == {"learning": "on", "since": None, "incident": None}
    assert sum(one.get("anomalies", 0) for one in latest.values()) == 4
