"""A schema registry that is away while the group of workers changes."""

import asyncio
import json

import pytest

from tests.support.avro import TRANSACTION, framed, written
from tests.support.framed_traffic import NEWER, anomalies_of, readiness, rows
from tests.support.kafka import Kafka, stats_of
from tests.support.registry_server import registry_server
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

WAITING = (503, ["schema registry"])


async def test_records_that_wait_for_a_registry_survive_a_rebalance(kafka: Kafka) -> None:
    with registry_server() as server:
        ids = [server.add(json.dumps(schema)) for schema in (TRANSACTION, NEWER)]
        kafka.settings = {"ANOMALY_SCHEMA_REGISTRY": server.url}
        values = [
            framed(number, written(schema, row))
            for number, schema in zip(ids, (TRANSACTION, NEWER), strict=True)
            for row in rows(400)
        ]
        async with kafka.worker(ANOMALY_BATCH_SIZE="50") as one:
            places = await kafka.produce(values[:400])
            await eventually(lambda: stats_of(one), lambda s: s["events"] == 400)
            server.status = 503
            # Several batches of all partitions: some of them need nothing new.
            places += await kafka.produce(values[400:])
            await eventually(lambda: readiness(one), lambda r: r == WAITING)
            other = kafka.start_worker(ANOMALY_BATCH_SIZE="50")
            try:
                await eventually(lambda: readiness(other), lambda r: r == WAITING)
                assert await asyncio.to_thread(one.stop) == 0
                server.status = 200
                await eventually(kafka.lag, lambda lag: lag == 0)
                await eventually(lambda: readiness(other), lambda r: r == (200, []))
            finally:
                other.stop()
        schemas = {ids[0]: TRANSACTION, ids[1]: NEWER}
        wanted = anomalies_of(kafka, values, places, schemas)
        found = await kafka.read_anomalies(len(wanted))
        assert len(wanted) >= 80
        assert sorted(one.id for one in found) == sorted(wanted)
        assert await kafka.read(kafka.dead_letters, 0) == []
