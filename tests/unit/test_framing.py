"""Records that are framed for a schema registry are judged as JSON and kept as they came."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from anomaly_app.core.decoding.framing import Readers, unframe
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.verdict import Verdict
from anomaly_app.errors import RecordRejected, Rejection
from anomaly_app.schemas.avro import avro_reader
from anomaly_app.schemas.client import RegistryClient
from anomaly_app.schemas.registry import SchemaRegistry, _blaming
from anomaly_app.settings.app import Settings
from tests.support.avro import TRANSACTION, framed, long, record_of, written
from tests.support.factories import NOON, model, record, transaction
from tests.support.protobuf import class_of, file_of, message
from tests.support.registry_server import registry_server
from tests.support.serializers import in_avro, in_protobuf

READERS = {17: _blaming(avro_reader(json.dumps(TRANSACTION), {}), "Avro schema 17")}


def avro(amount: float, shop: str | None = "food") -> bytes:
    return framed(17, written(TRANSACTION, {"amount": amount, "shop": shop}))


def judge(
    values: Sequence[bytes], readers: Readers = READERS, *, max_bytes: int = 10_000
) -> Verdict:
    pipeline = Pipeline(model(), max_record_bytes=max_bytes, max_reasons=5, readers=readers)
    return pipeline.judge([record(v, offset=n) for n, v in enumerate(values)], NOON)


def test_what_is_not_framed_is_taken_as_it_is() -> None:
    for value in (b"", b"\0", b"\0\0\0\0\x11", b"{}", b"\1\0\0\0\x11{}"):
        assert unframe(value, READERS) is value


def test_json_behind_a_frame_needs_no_registry() -> None:
    assert unframe(framed(99, b' {"amount": 1}'), {}) == b' {"amount": 1}'


def test_without_a_registry_a_framed_record_says_what_to_install_and_to_set() -> None:
    with pytest.raises(RecordRejected) as caught:
        unframe(avro(12.5), {})
    assert str(caught.value) == (
        "no-schema: the value needs schema 17 of a schema registry: install "
        "anomaly-app[registry] and set ANOMALY_SCHEMA_REGISTRY"
    )


def test_framed_records_and_json_are_judged_side_by_side() -> None:
    values = [avro(20.0), transaction(9_999.0, "casino"), avro(9_999.0, "casino"), avro(21.0)]
    verdict = judge(values)
    assert (verdict.scored, len(verdict.findings), verdict.rejected) == (4, 2, [])
    plain, unframed = (msgspec.json.decode(anomaly.value or b"") for anomaly in verdict.anomalies)
    assert unframed["transaction"] == {"amount": 9_999.0, "shop": "casino"}
    assert unframed["id"] == "transactions-0-2"
    same = ("p_value", "score", "severity", "reasons", "time", "entity")
    assert {name: plain[name] for name in same} == {name: unframed[name] for name in same}


def test_dead_letters_hold_the_bytes_that_came() -> None:
    values = [framed(17, b"\1\2"), framed(18, b"\1\2"), avro(20.0) + b"left over"]
    verdict = judge(values)
    assert [letter.value for letter in verdict.dead_letters] == values
    reasons = [rejected.error.rejection for rejected in verdict.rejected]
    mismatch = Rejection.SCHEMA_MISMATCH
    assert reasons == [mismatch, Rejection.NO_SCHEMA, mismatch]
    assert str(verdict.rejected[2].error) == (
        "schema-mismatch: the value does not fit Avro schema 17: ValueError: 9 bytes are left over"
    )


def test_a_framed_value_is_bounded_before_it_is_read_and_after() -> None:
    def never(body: bytes) -> bytes:
        raise AssertionError(body)

    [before] = judge([framed(17, b"x" * 2_000)], {17: never}, max_bytes=1_000).rejected
    assert str(before.error).startswith("too-large: 2,005 bytes")
    # A kilobyte that would be a hundred of JSON.
    many = {"type": "array", "items": record_of(*["boolean"] * 10, name="Item")}
    schema = json.dumps({**record_of("double", many), "name": "Many"})
    body = written({"type": "record", "name": "D", "fields": []}, {}) + b"\0" * 8
    body += long(90) + b"\1" * 900 + long(0)
    value = framed(17, body)
    [after] = judge([value], {17: avro_reader(schema, {})}, max_bytes=1_000).rejected
    assert str(after.error).startswith("too-large: ")
    assert after.record.value == value


TIMED = {
    **TRANSACTION,
    "fields": [
        *TRANSACTION["fields"],
        {"name": "entity", "type": "string"},
        {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}


async def test_confluents_serializers_are_understood() -> None:
    payment = file_of(
        message(
            "Payment",
            *("amount double", "shop string", "entity string"),
            "time .google.protobuf.Timestamp",
        )
        + 'dependency: "google/protobuf/timestamp.proto"'
    )
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    sent: dict[str, Any] = {"amount": 9_999.0, "shop": "casino", "entity": "card-7"}
    proto = class_of("shop.Payment", payment)(**sent)
    proto.time.FromDatetime(at)

    async def learnt(url: str, values: Sequence[bytes]) -> Verdict:
        client = RegistryClient(Settings(_env_file=None, schema_registry=url))
        async with SchemaRegistry(client) as schemas:
            await schemas.learn({int.from_bytes(value[1:5], "big") for value in values})
            return judge(values, schemas.readers)

    with registry_server() as server:
        values = [
            *in_avro(server.url, "transactions", TIMED, [{**sent, "time": at}]),
            *in_protobuf(server.url, "payments", [proto]),
        ]
        verdict = await learnt(server.url, values)
    assert verdict.rejected == []
    for written_anomaly in verdict.anomalies:
        anomaly = msgspec.json.decode(written_anomaly.value or b"")
        assert anomaly["transaction"] == {**sent, "time": "2026-01-01T12:00:00Z"}
        assert (anomaly["entity"], anomaly["time"]) == ("card-7", "2026-01-01T12:00:00.000Z")
    assert len(verdict.anomalies) == 2
