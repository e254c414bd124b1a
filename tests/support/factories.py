"""Tiny makers of the things that tests talk about."""

import json
from functools import cache
from typing import Any

import msgspec
import numpy as np
import polars as pl
from aiokafka.structs import ConsumerRecord

from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.model import Model
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.scoring.anomaly import Anomaly, ModelReference
from anomaly_app.core.scoring.severity import Severity
from training.evaluation.incidents import Incident
from training.fit import FitOptions, Fitted, fit_model
from training.history import History
from training.threshold import ThresholdOptions

SCHEMA = FeatureSchema(
    (
        Feature("amount", "number", expected=20.0, low=1.0, high=90.0),
        Feature("shop", "category", categories=("food", "fuel", "311")),
    )
)

NOON = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""


def record(
    value: bytes | None,
    *,
    offset: int = 0,
    partition: int = 0,
    key: bytes | None = b"card-1",
    timestamp: int | None = 1_767_268_800_000,
    topic: str = "transactions",
) -> ConsumerRecord:
    return ConsumerRecord(
        topic, partition, offset, timestamp, 0, key, value, None, len(key or b""), 0, ()
    )


def transaction(amount: Any = 20.0, shop: Any = "food", **fields: Any) -> bytes:
    return json.dumps({"features": {"amount": amount, "shop": shop}, **fields}).encode()


def history(rows: int = 2_000, seed: int = 0, *, anomalies: int = 20) -> History:
    rng = np.random.default_rng(seed)
    amount = rng.normal(20.0, 4.0, rows)
    labels = np.zeros(rows, dtype=bool)
    labels[rng.choice(rows, anomalies, replace=False)] = True
    amount[labels] = rng.uniform(300.0, 900.0, anomalies)
    shops = rng.choice(["food", "fuel", "books"], rows, p=[0.6, 0.3, 0.1])
    return History(
        source="factory",
        frame=pl.DataFrame({"amount": amount, "shop": shops}),
        entities=pl.Series([f"card-{i % 7}" for i in range(rows)]),
        ids=pl.Series(range(rows)),
        times=NOON + 60.0 * np.arange(rows, dtype=np.float64),
        labels=labels,
    )


@cache
def fitted(*, alert_rate: float = 0.02) -> Fitted:
    return fit_model(
        history(), FitOptions(threshold=ThresholdOptions(alert_rate=alert_rate)), version="1"
    )


@cache
def model(*, alert_rate: float = 0.02) -> Model:
    made = fitted(alert_rate=alert_rate)
    return Model.from_bytes(made.manifest.to_json(), made.pickle, where="factory")


def incident(**changes: Any) -> Incident:
    one = Incident(
        entity="card-1",
        time=NOON,
        first=NOON,
        last=NOON,
        rows=1,
        anomalies=None,
        score=0.9,
        p_value=0.0001,
        severity=Severity.HIGH,
        reasons=[],
    )
    return one._replace(**changes)


def anomaly(**changes: Any) -> Anomaly:
    fields: dict[str, Any] = {
        "id": "transactions-3-1042",
        "entity": "card-1",
        "time": "2026-01-01T12:00:00.000Z",
        "detected_at": "2026-01-01T12:00:00.020Z",
        "score": 0.9,
        "p_value": 1e-4,
        "severity": "high",
        "threshold": 0.65,
        "reasons": [
            Reason(feature="amount", value=950.0, expected=20.0, share=0.8),
            Reason(feature="shop", value="casino", expected="food", share=0.2),
        ],
        "model": ModelReference(name="transactions", version="1", sha256="ab" * 32),
        "transaction": msgspec.Raw(b'{"features": {"amount": 950.0, "shop": "casino"}}'),
    }
    return Anomaly(**{**fields, **changes})
