"""The typed records and the hot path read and write the same contract."""

import json

import faust
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.scoring.anomaly import read_anomaly, to_anomaly, write_json
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.verdict import Finding
from anomaly_app.records import (
    Anomaly,
    DeadLetter,
    FlatTransaction,
    RowTransaction,
    Transaction,
)
from demo.screen import Screen
from demo.tally import Tally
from tests.support.factories import NOON, SCHEMA, model, record, transaction

PIPELINE = Pipeline(model(), max_record_bytes=10_000, max_reasons=5)

TWO_NUMBERS = FeatureSchema((Feature("value1", "number"), Feature("value2", "number")))


def decode(sent: faust.Record, schema: FeatureSchema = SCHEMA) -> tuple[object, ...]:
    *found, _ = Decoder(schema, max_bytes=10_000).transaction(record(sent.dumps()))
    return tuple(found)


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


def written_and_read(finding: Finding, detected_at: float = NOON) -> Anomaly:
    """Write an anomaly as the worker does, and read it as a user of Faust does."""
    found = to_anomaly(finding, model().manifest, detected_at)
    written = write_json(found)
    assert read_anomaly(written) == found
    read = Anomaly.loads(written)
    assert json.loads(read.dumps()) == json.loads(written)
    return read


def test_an_anomaly_reads_back_as_it_was_written() -> None:
    sent = transaction(99_999.0, "casino", id=7, entity="card-9", note="kept")
    verdict = PIPELINE.judge(
        [record(sent, offset=1042, partition=3, topic="my-transactions")], NOON
    )
    read = written_and_read(verdict.findings[0], NOON + 0.02)
    assert read.id == "my-transactions-3-1042"
    assert (read.entity, read.time) == ("card-9", "2026-01-01T12:00:00.000Z")
    assert read.detected_at == "2026-01-01T12:00:00.020Z"
    assert read.transaction == json.loads(sent)
    assert read.score >= read.threshold
    assert read.model.sha256 == model().manifest.sha256
    assert read.reasons[0].feature in {"amount", "shop"}


def test_the_kafka_key_is_the_entity_where_none_is_named() -> None:
    verdict = PIPELINE.judge(
        [
            record(transaction(99_999.0, "casino"), key=b"k\xff"),
            record(transaction(99_999.0, "casino"), key=None),
        ],
        NOON,
    )
    entities = [to_anomaly(f, model().manifest, NOON).entity for f in verdict.findings]
    assert entities == ["k\ufffd", None]


@pytest.mark.parametrize(
    "note", [b"1e999", b"[" * 600 + b"]" * 600, b'{"a":' * 400 + b"1" + b"}" * 400]
)
def test_an_ignored_field_that_cannot_be_written_again_hides_no_anomaly(note: bytes) -> None:
    value = b'{"features": {"amount": 99999.0, "shop": "casino"}, "note": ' + note + b"}"
    verdict = PIPELINE.judge([record(value)], NOON)
    read = written_and_read(verdict.findings[0])
    assert read.transaction == {"unreadable": value.decode()}


FIELDS = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    ),
    max_size=4,
)


@given(FIELDS, st.none() | st.binary(max_size=20))
def test_whatever_else_a_transaction_holds_its_anomaly_can_be_written_and_read(
    fields: dict[str, object], key: bytes | None
) -> None:
    sent = json.dumps(fields | {"features": {"amount": 99_999.0, "shop": "casino"}}).encode()
    verdict = PIPELINE.judge([record(sent, key=key)], NOON)
    console = Console(width=500)
    screen = Screen(console, Tally("transactions"))
    for finding in verdict.findings:
        written_and_read(finding)
        with console.capture() as shown:
            screen.show_anomaly(to_anomaly(finding, model().manifest, NOON))
        assert " anomaly: " in shown.get()
        assert shown.get().rstrip("\n").isprintable()
    assert verdict.scored + len(verdict.rejected) == 1


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


@given(st.binary() | st.text().map(str.encode) | st.none(), st.none() | st.binary())
def test_whatever_is_rejected_is_kept_as_it_came(value: bytes | None, key: bytes | None) -> None:
    verdict = PIPELINE.judge([record(value, key=key, partition=3, offset=12)], NOON)
    for rejected, letter in zip(verdict.rejected, verdict.dead_letters, strict=True):
        # Kafka's client sends no message that has neither.
        kept = b"" if key is None and value is None else value
        assert (letter.key, letter.value) == (key, kept)
        assert letter.headers["error"].decode().startswith(f"{rejected.error.rejection}: ")
        assert letter.headers["source-offset"] == b"12"
    assert verdict.scored + len(verdict.rejected) == 1
