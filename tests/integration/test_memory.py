"""A worker with a memory: its pages, and what is left when it dies."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from anomaly_app.registry.artifacts import save_model
from harness.workers import Worker
from tests.support.factories import NOON, transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.memories import fitted_with_memory
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

TOKEN = "open-sesame"  # noqa: S105


def with_memory(kafka: Kafka, folder: Path) -> Kafka:
    made = fitted_with_memory()
    kafka.model = save_model(folder / "models", made.manifest, made.pickle)
    kafka.settings |= {"ANOMALY_WEB_TOKEN": TOKEN, "ANOMALY_MEMORY_INTERVAL": "1"}
    return kafka


async def page(worker: Worker, path: str, **headers: str) -> tuple[int, Any]:
    async with (
        ClientSession(headers=headers) as session,
        session.get(f"http://127.0.0.1:{worker.port}{path}") as response,
    ):
        is_json = response.content_type == "application/json"
        return response.status, await response.json() if is_json else await response.text()


def with_token() -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}


async def test_what_is_remembered_is_shown_to_those_with_the_token_and_survives_a_kill(
    kafka: Kafka, tmp_path: Path
) -> None:
    with_memory(kafka, tmp_path)
    values = [transaction(10.0 + n, "shop-1", time=NOON + 60.0 * n) for n in range(40)]
    async with kafka.worker() as worker:
        await kafka.produce([*values], keys=lambda n: b"card-1" if n % 2 else b"<card>")
        await eventually(lambda: stats_of(worker), lambda stats: stats.get("events") == 40)
        assert (await page(worker, "/profile/card-1"))[0] == 401
        status, before = await page(worker, "/profile/card-1", **with_token())
        assert status == 200
        assert before["profile"]["latest"] == NOON + 39 * 60.0
        assert any("events in" in line for line in before["lines"])
        assert (await page(worker, "/profile/card-2", **with_token()))[0] == 404
        html = await page(worker, "/profile/%3Ccard%3E", Accept="text/html", **with_token())
        assert html[0] == 200
        assert "<card>" not in html[1]
        await eventually(kafka.committed, lambda offsets: sum(offsets.values()) == 40)
        worker.process.kill()
    async with kafka.worker() as worker:
        _, after = await eventually(
            lambda: page(worker, "/profile/card-1", **with_token()),
            lambda answer: answer[0] == 200,
        )
        assert after["profile"]["windows"] == before["profile"]["windows"]
        assert after["profile"]["latest"] == before["profile"]["latest"]
        await eventually(
            lambda: stats_of(worker),
            lambda s: sum(one["entities"] or 0 for one in s["memory"]["partitions"]) == 2,
        )
