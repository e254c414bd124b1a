"""Workers of one group: each shows what any of them remembers, through kills and rebalances."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from anomaly_app.registry.artifacts import save_model
from harness.workers import Worker, running_workers
from tests.support.commands import faust
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.memories import fitted_with_memory
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

TOKEN = "open-sesame"  # noqa: S105

CARDS, SHOPS, EVENTS = 20, 5, 400

NAMES = [*(f"card-{n}" for n in range(CARDS)), *(f"shop-{n}" for n in range(SHOPS))]


@pytest.fixture
async def group(kafka: Kafka, tmp_path: Path) -> AsyncIterator[tuple[Kafka, list[Worker]]]:
    """Three workers that have judged payments, each with some partitions."""
    made = fitted_with_memory(two_keys=True)
    kafka.model = save_model(tmp_path / "models", made.manifest, made.pickle)
    kafka.settings |= {"ANOMALY_WEB_TOKEN": TOKEN, "ANOMALY_WEB_HOST": "localhost"}
    kafka.settings |= {"ANOMALY_MEMORY_INTERVAL": "1"}
    # Profiles are as of the latest event if that is later than now: so they can be compared.
    times = [time.time() + 3_600.0 + n for n in range(EVENTS)]
    values = [transaction(5.0 + n % 60, f"shop-{n % SHOPS}", time=times[n]) for n in range(EVENTS)]
    async with running_workers(3, kafka.folder, kafka.environment) as workers:
        await eventually(
            lambda: partitions_of(workers), lambda found: all(found) and sum(found) == 8
        )
        await kafka.produce([*values], keys=lambda n: b"card-%d" % (n % CARDS))
        await eventually(lambda: judged(workers), lambda events: events == EVENTS)
        await eventually(lambda: remembered(workers), lambda found: found == CARDS + SHOPS)
        yield kafka, workers


async def memories_of(worker: Worker) -> list[dict[str, Any]]:
    memory = (await stats_of(worker)).get("memory") or {"partitions": []}
    return [one for one in memory["partitions"] if one["live"] and one["key"] != "alerts"]


async def partitions_of(workers: list[Worker]) -> list[int]:
    return [len(await memories_of(worker)) for worker in workers]


async def judged(workers: list[Worker]) -> int:
    return sum([(await stats_of(worker)).get("events", 0) for worker in workers])


async def remembered(workers: list[Worker]) -> int:
    found = [one for worker in workers for one in await memories_of(worker)]
    return sum(one["entities"] for one in found)


async def ask(worker: Worker, name: str) -> tuple[int, Any]:
    key = "entity" if name.startswith("card") else "counterpart"
    async with (
        ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session,
        session.get(f"http://127.0.0.1:{worker.port}/profile/{name}?key={key}") as response,
    ):
        return response.status, await response.json()


async def ask_all(workers: list[Worker]) -> dict[str, list[tuple[int, Any]]]:
    return {name: [await ask(worker, name) for worker in workers] for name in NAMES}


def are_the_same(answers: dict[str, list[tuple[int, Any]]]) -> bool:
    return all(
        one == (200, all_[0][1]) and one[1]["entity"] == name
        for name, all_ in answers.items()
        for one in all_
    )


async def test_any_worker_shows_any_entity_and_says_what_a_dead_one_had(
    group: tuple[Kafka, list[Worker]],
) -> None:
    kafka, workers = group
    # They find each other by their manifests, which are published a moment later.
    before = await eventually(lambda: ask_all(workers), are_the_same)
    partitions = {answers[0][1]["partition"] for answers in before.values()}
    assert len(partitions) > 1
    status, unknown = await ask(workers[0], "card-99")
    assert status == 404
    assert "partitions 0, 1, 2 and 3" in unknown["error"]

    for worker in workers:
        url = f"http://127.0.0.1:{worker.port}"
        shown = faust(kafka, "profile", "card-7", "--url", url, "--json").said
        assert json.loads(shown) == before["card-7"][0][1]
    words = faust(kafka, "profile", "shop-3", "--key", "counterpart", "--url", url).said
    assert words.splitlines() == before["shop-3"][0][1]["lines"]

    gone = workers[2]
    lost = {(one["key"], one["partition"]) for one in await memories_of(gone)}
    gone.process.kill()
    gone.process.wait()
    theirs = [
        name for name, [(_, one), *_] in before.items() if (one["key"], one["partition"]) in lost
    ]
    assert theirs
    # All at once: some seconds later, others have taken over.
    answers = await asyncio.gather(*(ask(workers[0], name) for name in theirs))
    for name, (status, said) in zip(theirs, answers, strict=True):
        assert status == 503
        assert f"http://localhost:{gone.port}, which does not answer" in said["error"]
        partition = before[name][0][1]["partition"]
        assert partition not in said["searched"]
        assert str(partition) in said["error"]

    # Others restore what it had, and say so in their manifests.
    after = await eventually(lambda: ask_all(workers[:2]), are_the_same)
    assert {name: found[0] for name, found in after.items()} == {
        name: found[0] for name, found in before.items()
    }
