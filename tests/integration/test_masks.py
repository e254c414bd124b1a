"""What is masked is in nothing that a worker writes or shows, except where it has to be."""

import json
from typing import Any

import pytest
from aiohttp import ClientSession

from harness.workers import Worker
from tests.support.alerts import told, told_in_a_file
from tests.support.kafka import Kafka, stats_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

MARK = "MARK3R"
"""It begins all that is masked or hashed."""

TOKEN = "open-sesame"  # noqa: S105
SECRET = "a secret of sixteen characters"  # noqa: S105


def odd(card: int, n: int) -> bytes:
    """An anomaly with its card in many places."""
    name, holder = f"{MARK}-card-{card}", f"{MARK}-holder-{card}"
    value: dict[str, Any] = {
        "card": name,
        "id": n,
        "features": {"amount": 9_999.0 + n, "shop": f"{MARK}-shop"},
        "holder": holder,
        "more": [{"card": name, "customer": {"holder": {"name": holder}}}],
    }
    return json.dumps(value).encode()


async def pages(worker: Worker) -> str:
    """All that a worker's pages show of incidents, and of itself."""
    async with ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        address = f"http://127.0.0.1:{worker.port}"
        async with session.get(f"{address}/incidents?status=all") as response:
            assert response.status == 200
            listed = await response.json()
        shown = [json.dumps(listed)]
        paths = [f"/incidents/{one['id']}" for one in listed["incidents"]]
        for path in (*paths, "/stats", "/silences"):
            async with session.get(address + path) as response:
                shown.append(await response.text())
    return "\n".join(shown)


async def test_what_is_masked_is_in_no_message_no_page_and_no_file(kafka: Kafka) -> None:
    file = told_in_a_file(kafka)
    kafka.settings |= {
        "ANOMALY_ROLES": "key=card hash=card mask=holder,shop",
        "ANOMALY_HASH_KEY": SECRET,
        "ANOMALY_WEB_TOKEN": TOKEN,
    }
    values = [odd(n % 3, n) for n in range(9)]
    async with kafka.worker() as worker:
        await kafka.produce(values, keys=lambda n: f"{MARK}-card-{n % 3}".encode())
        await eventually(lambda: told(file), lambda lines: len(lines) >= 3)
        # Samples of the traffic are written every ten seconds.
        log = await eventually(
            lambda: kafka.read_all(f"{kafka.name}-alerts"),
            lambda found: any(b"sample" in (one.value or b"") for one in found),
        )
        shown = await pages(worker)
        said = worker.log.read_text()
        stats = await stats_of(worker)
    anomalies = await kafka.read_all(kafka.anomalies)
    incidents = await kafka.read_all(f"{kafka.name}-incidents")
    for record in [*anomalies, *log, *incidents]:
        assert MARK.encode() not in (record.value or b"")
        assert MARK.encode() not in (record.key or b"")
    assert MARK not in shown
    assert MARK not in file.read_text()
    assert MARK not in said
    # One card is one entity all the same, and one incident.
    assert len(anomalies) == 9
    entities = {json.loads(record.value)["entity"] for record in anomalies}
    assert len(entities) == 3
    assert {record.key.decode() for record in anomalies} == entities
    assert stats["alerts"] == {"taken": 9}
    assert sum(stats["incidents"]["open"].values()) == 3
    # What was sent is where it was.
    assert len(await kafka.read_all(kafka.transactions)) == 9
