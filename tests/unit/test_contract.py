"""The typed records and the hot path read and write the same contract."""

import json

import faust
import pytest

from anomaly_app.core.decode import Decoder
from anomaly_app.core.pipeline import Pipeline
from anomaly_app.core.schema import Feature, FeatureSchema
from anomaly_app.records import (
    Anomaly,
    DeadLetter,
    FlatTransaction,
    RowTransaction,
    Transaction,
)
from anomaly_app.stream.scoring import to_anomaly
from tests.support.factories import NOON, SCHEMA, model, record, transaction

TWO_NUMBERS = FeatureSchema((Feature("value1", "number"), Feature("value2", "number")))


def decode(sent: faust.Record, schema: FeatureSchema = SCHEMA) -> tuple[object, ...]:
    found = Decoder(schema, max_bytes=10_000).decode_one(record(sent.dumps()))
    return found.id, found.entity, found.time, tuple(found.row)


@pytest.mark.parametrize("features", [{"amount": 2.5, "shop": "food"}, [2.5, "food"]])
def test_what_a_transaction_record_says_is_what_is_decoded(features: object) -> None:
    sent = Transaction(id=7, entity="card-1", time="2026-01-01T12:00:00Z", features=features)
    assert decode(sent) == (7, "card-1", NOON, (2.5, "food"))
    assert Transaction.loads(sent.dumps()) == sent


def test_the_published_examples_are_transactions() -> None:
    rows = RowTransaction(id=7, data=[[0.1, 2.3]], current_time="2026-01-01T12:00:00Z")
    assert decode(rows, TWO_NUMBERS) == (7, None, NOON, (0.1, 2.3))
    flat = FlatTransaction(value1=0.1, value2=2.3)
    assert decode(flat, TWO_NUMBERS) == (None, None, NOON, (0.1, 2.3))


def test_an_anomaly_reads_back_as_it_was_written() -> None:
    sent = transaction(99_999.0, "casino", id=7, entity="card-9", note="kept")
    verdict = Pipeline(model(), max_record_bytes=10_000, max_reasons=5).judge(
        [record(sent, offset=1042, partition=3, topic="my-transactions")]
    )
    written = to_anomaly(verdict.findings[0], model().manifest, NOON + 0.02)
    read = Anomaly.loads(written.dumps())
    assert read == written
    assert read.id == "my-transactions-3-1042"
    assert (read.entity, read.time) == ("card-9", "2026-01-01T12:00:00.000Z")
    assert read.detected_at == "2026-01-01T12:00:00.020Z"
    assert read.transaction == json.loads(sent)
    assert read.score >= read.threshold
    assert read.model.sha256 == model().manifest.sha256
    assert read.reasons[0].feature in {"amount", "shop"}


def test_the_kafka_key_is_the_entity_where_none_is_named() -> None:
    verdict = Pipeline(model(), max_record_bytes=10_000, max_reasons=5).judge(
        [
            record(transaction(99_999.0, "casino"), key=b"k\xff"),
            record(transaction(99_999.0, "casino"), key=None),
        ]
    )
    entities = [to_anomaly(f, model().manifest, NOON).entity for f in verdict.findings]
    assert entities == ["k\ufffd", None]


def test_an_ignored_field_that_json_cannot_carry_on_does_not_hide_an_anomaly() -> None:
    value = b'{"features": {"amount": 99999.0, "shop": "casino"}, "note": 1e999}'
    verdict = Pipeline(model(), max_record_bytes=10_000, max_reasons=5).judge([record(value)])
    written = to_anomaly(verdict.findings[0], model().manifest, NOON)
    assert written.transaction == {"unreadable": value.decode()}


def test_a_dead_letters_headers_say_where_it_comes_from() -> None:
    letter = DeadLetter(
        error="not-json: é", topic="transactions", partition=3, offset=12, key=b"k", value=None
    )
    assert letter.headers == {
        "error": "not-json: é".encode(),
        "source-topic": b"transactions",
        "source-partition": b"3",
        "source-offset": b"12",
    }
