"""Framed transactions, and the anomalies among them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.schemas.avro import avro_reader
from harness.workers import Worker
from tests.support.avro import TRANSACTION
from tests.support.factories import NOON, model, record
from tests.support.kafka import Kafka

NEWER = {**TRANSACTION, "fields": [*TRANSACTION["fields"], {"name": "note", "type": "string"}]}
"""The next version of the transactions' schema."""


def rows(count: int) -> list[dict[str, Any]]:
    """Make transactions of which every tenth is an anomaly; they fit either schema."""
    return [
        {"amount": 9_999.0 + n, "shop": "casino", "note": "x"}
        if n % 10 == 9
        else {"amount": 20.0 + n / 100, "shop": "food", "note": "x"}
        for n in range(count)
    ]


def anomalies_of(
    kafka: Kafka,
    values: Sequence[bytes],
    places: Sequence[tuple[int, int]],
    schemas: Mapping[int, Any],
) -> set[str]:
    """Give the ids of the anomalies that an offline run finds."""
    readers = {number: avro_reader(json.dumps(schema), {}) for number, schema in schemas.items()}
    pipeline = Pipeline(model(), max_record_bytes=1_048_576, max_reasons=5, readers=readers)
    records = [record(v, partition=p, offset=o) for v, (p, o) in zip(values, places, strict=True)]
    found = [finding.record for finding in pipeline.judge(records, NOON).findings]
    return {f"{kafka.transactions}-{one.partition}-{one.offset}" for one in found}


async def readiness(worker: Worker) -> tuple[int, list[str]]:
    """Give the status of a worker's page, and what the page says is missing."""
    status, page = await worker.get("/readyz")
    return status, (page or {}).get("missing", [])
