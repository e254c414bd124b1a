"""Valid records for a self-test: if these cannot be judged, the fault is not in other records."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.decoding.lazy_json import nested
from anomaly_app.core.decoding.wire import DEBEZIUM, PLAIN, Wire
from anomaly_app.core.model.feature import Feature, FeatureValue

NOON = 1_767_268_800
"""2026-01-01T12:00:00Z, in seconds since the epoch."""


class OrdinaryRecord(msgspec.Struct):
    """A record that was not fetched from Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    key: bytes | None
    value: bytes | None


def ordinary_records(wire: Wire) -> list[KafkaRecord]:
    """Write the schema's expected transaction in every layout, so that all readers are used.

    Parameters
    ----------
    wire
        Where everything is in a record of this model.

    Returns
    -------
    list
        One record of each documented layout and one with the fields that the roles name, all in
        the configured payload; and one in an envelope if envelopes are recognised.
    """
    values = [_expected(feature) for feature in wire.features]
    named = dict(zip(wire.fields, values, strict=True))
    roles = wire.roles
    parts = {roles.id: "1", roles.key: "ordinary", roles.time: _time(roles.time_format)}
    numbers = {name: value for name, value in named.items() if isinstance(value, float)}
    # A field that is both a feature and a part gets a value that is valid for both.
    flat = nested({**named, **{name: v for name, v in parts.items() if name}, **numbers})
    transactions: list[Mapping[str, Any]] = [
        {"id": 1, "entity": "ordinary", "time": "2026-01-01T12:00:00Z", "features": named},
        {"id": "1", "data": [values], "current_time": NOON},
        {"features": named},
        flat,
        {"features": values},
    ]
    written = [_in_payload(transaction, wire) for transaction in transactions]
    if wire.recognises_envelopes:
        written.append({"op": "c", "after": flat})
    return [
        OrdinaryRecord(
            *("ordinary", 0, offset, NOON * 1000, b"ordinary"),
            msgspec.json.encode(value),
        )
        # The first may take the slow path, which selects the parser for the second.
        for offset, value in enumerate(value for value in written for _ in range(2))
    ]


def _time(time_format: str | None) -> str:
    noon = datetime.fromtimestamp(NOON, UTC)
    return noon.strftime(time_format) if time_format else noon.isoformat()


def _in_payload(transaction: Mapping[str, Any], wire: Wire) -> Mapping[str, Any]:
    if wire.payload is None or wire.payload == PLAIN:
        return transaction
    if wire.payload == DEBEZIUM:
        return {"op": "c", "after": transaction}
    for name in reversed(wire.payload.split(".")):
        transaction = {name: transaction}
    return transaction


def _expected(feature: Feature) -> FeatureValue:
    value = feature.expected_value
    if value is None:
        return "" if feature.kind == "category" else 0.0
    return value
