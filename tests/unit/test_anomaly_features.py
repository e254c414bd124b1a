"""The values of features in an anomaly's message: enough to judge it again."""

import json
from typing import Any

import numpy as np
import pytest

from anomaly_app.core.calibration import score_of
from anomaly_app.core.model.feature import Feature, FeatureValue
from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.anomaly import (
    LONGEST_TEXT,
    MOST_FEATURES,
    Anomaly,
    read_anomaly,
    to_anomaly,
    write_json,
)
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.verdict import Features
from anomaly_app.kafka.topic_creation import MESSAGE_OVERHEAD
from tests.support.factories import NOON, anomaly, model, record, transaction
from tests.support.memories import Memories, pipeline_with_memory

PIPELINE = Pipeline(model(), max_record_bytes=100_000, max_reasons=5)


def judged(value: bytes, pipeline: Pipeline = PIPELINE) -> Anomaly:
    [message] = pipeline.judge([record(value)], NOON).anomalies
    return read_anomaly(message.value or b"")


def judged_again(found: Anomaly, by: Model) -> float:
    """Score what the message says of the features, without the transaction and the memory."""
    row = [encoded(feature, found.features[feature.name]) for feature in by.schema.features]
    matrix = by.schema.scaled(np.array([row]), [found.entity])
    return float(score_of(np.exp(by.log_p_values(matrix)[0])))


def encoded(feature: Feature, value: FeatureValue) -> float:
    if feature.kind == "category":
        return feature.codes.get(value, feature.other_code)
    return float("nan") if value is None else float(value)


def test_a_message_has_the_values_that_the_model_saw() -> None:
    found = judged(transaction(99_999.0, "casino", note="not a feature"))
    assert found.features == {"amount": 99_999.0, "shop": "casino"}
    assert judged_again(found, model()) == found.score


def test_a_value_that_is_missing_is_null() -> None:
    found = judged(transaction(99_999.0, None))
    assert found.features == {"amount": 99_999.0, "shop": None}
    assert judged_again(found, model()) == found.score


def test_an_anomaly_is_judged_again_without_the_memory_that_it_was_judged_with() -> None:
    pipeline = pipeline_with_memory(alert_rate=1.0)
    assert pipeline.entity is not None
    memories = Memories(pipeline.entity.plan)
    records = [
        record(transaction(10.0 + n, f"shop-{n}", time=NOON + 60.0 * n), offset=n)
        for n in range(20)
    ]
    messages = pipeline.judge(records, NOON, memories).anomalies
    found = [read_anomaly(message.value or b"") for message in messages]
    assert [one.features["count:1h"] for one in found[:3]] == [0.0, 1.0, 2.0]
    for one in found:
        assert judged_again(one, pipeline.model) == pytest.approx(one.score, abs=1e-12)


@pytest.mark.parametrize("sent", [7, "tx-7", 7.5, None, 2**80])
def test_the_senders_own_id_is_passed_on(sent: Any) -> None:
    found = judged(transaction(99_999.0, "casino", id=sent))
    assert found.transaction_id == sent


def test_the_id_is_where_the_roles_say() -> None:
    by_roles = Pipeline(
        model(), max_record_bytes=10_000, max_reasons=5, roles=Roles.parse("id=head.number")
    )
    value = transaction(99_999.0, "casino", head={"number": "a-1"})
    assert judged(value, by_roles).transaction_id == "a-1"
    assert judged(value).transaction_id is None


def test_a_message_of_before_is_read() -> None:
    fields = json.loads(write_json(anomaly()))
    del fields["transaction_id"], fields["features"]
    old = read_anomaly(json.dumps(fields).encode())
    assert (old.transaction_id, old.features) == (None, {})


def test_what_is_added_to_a_transaction_has_a_limit() -> None:
    huge = "\x00\U0001f600" * 10_000
    [finding] = PIPELINE.judge([record(transaction(99_999.0, "casino"))], NOON).findings
    many: Features = {f"feature-{n:03}": huge for n in range(10 * MOST_FEATURES)}
    finding = finding._replace(
        features=many, transaction=finding.transaction._replace(id=huge), reasons=[]
    )
    made = to_anomaly(finding, model().manifest, NOON)
    assert [*made.features] == [*many][:MOST_FEATURES]
    assert {*made.features.values()} == {huge[:LONGEST_TEXT]}
    assert len(write_json(made)) - len(bytes(made.transaction)) < MESSAGE_OVERHEAD


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_know_is_null(value: float) -> None:
    [finding] = PIPELINE.judge([record(transaction(99_999.0, "casino"))], NOON).findings
    made = to_anomaly(finding._replace(features={"amount": value}), model().manifest, NOON)
    assert json.loads(write_json(made))["features"] == {"amount": None}
