"""Records that nothing is wrong with: if they cannot be judged, no other record is to blame."""

import msgspec

from anomaly_app.core.decode import KafkaRecord
from anomaly_app.core.schema import Feature, FeatureSchema, FeatureValue

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


def ordinary_records(schema: FeatureSchema) -> list[KafkaRecord]:
    """Write the schema's expected transaction so that every way of reading is taken.

    Parameters
    ----------
    schema
        The features of the model.

    Returns
    -------
    list
        One for the typed parser, one for the careful reading, and one whose time is Kafka's.
    """
    named = {feature.name: _expected(feature) for feature in schema.wire_features}
    transactions = [
        {"id": 1, "entity": "ordinary", "time": "2026-01-01T12:00:00Z", "features": named},
        {"id": "1", "data": [[*named.values()]], "current_time": NOON},
        {"features": named},
    ]
    return [
        OrdinaryRecord("ordinary", 0, offset, NOON * 1000, b"ordinary", msgspec.json.encode(value))
        for offset, value in enumerate(transactions)
    ]


def _expected(feature: Feature) -> FeatureValue:
    value = feature.expected_value
    if value is None:
        return "" if feature.kind == "category" else 0.0
    return value
