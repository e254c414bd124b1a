"""Avro from a topic, by a schema registry that comes and goes, with a real worker."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator

import pytest

from harness.processes import free_port
from tests.support.avro import TRANSACTION, framed, written
from tests.support.dead_letters import dlq, letter, prepare
from tests.support.factories import transaction
from tests.support.framed_traffic import NEWER, anomalies_of, readiness, rows
from tests.support.kafka import Kafka, stats_of
from tests.support.registry_server import PASSWORD, USER, RegistryServer, registry_server
from tests.support.serializers import in_avro
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with registry_server() as running:
        yield running


async def test_a_registry_that_is_away_is_waited_for_and_nothing_is_lost(
    kafka: Kafka, server: RegistryServer
) -> None:
    kafka.settings = {
        "ANOMALY_SCHEMA_REGISTRY": server.url,
        "ANOMALY_SCHEMA_REGISTRY_USER": USER,
        "ANOMALY_SCHEMA_REGISTRY_PASSWORD": PASSWORD,
    }
    first = in_avro(server.url, kafka.transactions, TRANSACTION, rows(100))
    second = in_avro(server.url, kafka.transactions, NEWER, rows(200))
    third = server.add(json.dumps({**TRANSACTION, "name": "Third"}))
    server.secured = True
    bad = [framed(17, b"\1\2"), framed(4_711, b"\1\2"), b"\0 framed by nobody", b"<xml/>"]
    plain = [transaction(9_999.0, "casino", id="plain"), transaction()]
    values: list[bytes] = []
    places: list[tuple[int, int]] = []

    async def send(more: list[bytes]) -> None:
        places.extend(await kafka.produce(more))
        values.extend(more)

    async with kafka.worker() as worker:
        await send([*first, *bad, *plain])
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == len(values))

        # Away: what needs nothing new is still judged, and the rest waits.
        server.status = 503
        await send(first[:20])
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == len(values))
        await send(second)
        await eventually(lambda: readiness(worker), lambda r: r == (503, ["schema registry"]))
        stats = await eventually(
            lambda: stats_of(worker), lambda s: "HTTP 503" in (s["records_wait_for"] or "")
        )
        assert stats["dead_letters"] == len(bad)
        server.status = 200
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == len(values))
        await eventually(lambda: readiness(worker), lambda r: r == (200, []))

        # Away again: a stop abandons what waits, and commits nothing of it.
        server.status = 503
        await kafka.produce([framed(third, b"x" * 20)] * 8)
        await eventually(lambda: readiness(worker), lambda r: r == (503, ["schema registry"]))
        begin = time.monotonic()
        assert await asyncio.to_thread(worker.stop) == 0
        assert time.monotonic() - begin < 10
    assert sum((await kafka.committed()).values()) == len(values)

    wanted = anomalies_of(kafka, values, places, {17: TRANSACTION, 18: NEWER})
    anomalies = await kafka.read_anomalies(len(wanted))
    letters = await kafka.read(kafka.dead_letters, len(bad))
    assert len(wanted) >= 30
    assert sorted(one.id for one in anomalies) == sorted(wanted)
    assert sum("note" in one.transaction for one in anomalies) == 20
    assert sorted(one.value for one in letters) == sorted(bad)
    log = worker.log.read_text()
    assert log.count("records are waiting for their schemas (nothing is lost)") == 2
    assert PASSWORD not in log


async def test_framed_dead_letters_are_shown_as_they_are_and_replayed_when_there_is_a_registry(
    kafka: Kafka, server: RegistryServer
) -> None:
    schema = server.add(json.dumps(TRANSACTION))
    value = framed(schema, written(TRANSACTION, {"amount": 20.1, "shop": "food"}))
    error = f"no-schema: the value needs schema {schema} of a schema registry"
    letters = [letter(kafka, value, error=error), letter(kafka, framed(4_711, b"x"), error=error)]
    await prepare(kafka, letters)
    shown = dlq(kafka, "list", "--json").letters
    assert base64.b64decode(shown[0]["value_base64"]) == value
    assert shown[1]["value"] == "\0\0\0\x12gx"
    nobody = {"ANOMALY_SCHEMA_REGISTRY": f"http://127.0.0.1:{free_port()}"}
    assert "does not answer" in dlq(kafka, "replay", "--all", **nobody).error_line
    at = {"ANOMALY_SCHEMA_REGISTRY": server.url}
    assert dlq(kafka, "replay", "--all", **at).said.splitlines() == [
        f"replayed 1 to {kafka.transactions}",
        "left 1 still not accepted: 1 no-schema",
    ]
    [sent] = await kafka.read(kafka.transactions, 1)
    assert sent.value == value
