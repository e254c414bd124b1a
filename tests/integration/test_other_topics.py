"""Topics that somebody else designed: Debezium's envelope, names of a table, a registry's bytes."""

import json
from typing import Any

import pytest

from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.pipeline import Pipeline
from tests.support.dead_letters import dlq
from tests.support.factories import NOON, model, record
from tests.support.kafka import Kafka, stats_of
from tests.support.traffic import transactions
from tests.support.waiting import eventually
from tests.support.watching import lines_with

pytestmark = pytest.mark.broker

ROLES = "key=customer_id time=paid_at id=payment amount=amt timezone=Europe/Berlin"
DELETIONS, MISNAMED = 40, 30


def changes() -> list[bytes]:
    """Write transactions as changes of a table, with and without `schema`, some of them framed."""
    written = []
    for place, value in enumerate(transactions(1_500)):
        features: dict[str, Any] = json.loads(value)["features"]
        amount = features["amount"]
        row = {
            "payment": place,
            "customer_id": place % 9,
            "paid_at": ["2026-01-01 13:00:00", NOON, str(int(NOON * 1000))][place % 3],
            "amt": amount if place % 2 or amount is None else str(amount),
            "shop": features["shop"],
        }
        change: dict[str, Any] = {"before": None, "after": row, "op": "cur"[place % 3]}
        if place % 4 == 0:
            change = {"schema": {"type": "struct"}, "payload": change}
        frame = b"\0\0\0\0\5" if place % 5 == 0 else b""
        written.append(frame + json.dumps(change).encode())
    return written


async def test_a_topic_of_changes_with_the_tables_own_names_has_an_exact_account(
    kafka: Kafka,
) -> None:
    kafka.settings = {"ANOMALY_ROLES": ROLES}
    scored = changes()
    deletions = [b'{"before": {"amt": 1}, "after": null, "op": "d"}'] * DELETIONS
    misnamed = [b'{"op": "c", "after": {"Amt": 1, "SHOP": "food"}}'] * MISNAMED
    values = scored + deletions + misnamed
    async with kafka.worker() as worker:
        places = await kafka.produce(values)
        pipeline = Pipeline(
            model(), max_record_bytes=1_048_576, max_reasons=5, roles=Roles.parse(ROLES)
        )
        records = [
            record(value, partition=partition, offset=offset, topic=kafka.transactions)
            for value, (partition, offset) in zip(values, places, strict=True)
        ]
        expected = {
            f"{kafka.transactions}-{f.record.partition}-{f.record.offset}": f
            for f in pipeline.judge(records, NOON).findings
        }
        stats = await eventually(
            lambda: stats_of(worker),
            lambda s: s["events"] == len(values) and s["alerts"].get("taken") == len(expected),
        )
        anomalies = await kafka.read_anomalies(len(expected))
        letters = await kafka.read(kafka.dead_letters, DELETIONS + MISNAMED)
        lines = await lines_with(worker.log, "no-features: for example")

    assert len(expected) > 10
    assert sorted(a.id for a in anomalies) == sorted(expected)
    for anomaly in anomalies:
        finding = expected[anomaly.id]
        assert anomaly.entity == str(finding.transaction.entity)
        assert anomaly.time == "2026-01-01T12:00:00.000Z"
        assert anomaly.transaction == json.loads(finding.transaction.json)
    assert stats["scored"] == len(scored)
    assert stats["dead_letters_by_reason"] == {
        "null-value": DELETIONS,
        "no-features": MISNAMED,
    }
    assert stats["absent"]["key=customer_id"]["count"] == 0
    assert sorted(one.value for one in letters) == sorted(deletions + misnamed)
    assert "ANOMALY_ROLES='amount=Amt shop=SHOP'" in lines[0]
    kept = dlq(kafka, "replay", "--all", "--dry-run")
    assert f"{DELETIONS} null-value, {MISNAMED} no-features" in kept.said
    roles = f"{ROLES} amount=Amt shop=SHOP"
    mended = dlq(kafka, "replay", "--all", "--dry-run", ANOMALY_ROLES=roles)
    assert f"would replay {MISNAMED} to {kafka.transactions}" in mended.said
    wrong = dlq(kafka, "replay", "--all", "--dry-run", ANOMALY_ROLES="amnt=Amt")
    assert "ANOMALY_ROLES" in wrong.err
    assert "has no feature 'amnt'; did you mean amount?" in wrong.err


async def test_records_that_lack_a_feature_are_scored_counted_and_said(kafka: Kafka) -> None:
    async with kafka.worker() as worker:
        await kafka.produce([b'{"AMOUNT": 99999, "shop": "food"}'] * 300)
        stats = await eventually(lambda: stats_of(worker), lambda s: s["scored"] == 300)
        [line] = await eventually(lambda: lines_with(worker.log, "amount is absent"), bool)
    assert "WARNING" in line
    assert "the records have `AMOUNT`: train on that name, or set ANOMALY_ROLES=" in line
    assert stats["absent"]["amount"] == {
        "count": 300,
        "share_of_latest": 1.0,
        "share_in_training": 0.0,
    }
    assert any("amount is absent from 100 % of" in advice for advice in stats["advice"])
