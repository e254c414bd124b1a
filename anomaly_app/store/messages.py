"""The messages that the store reads, as far as it needs to know them; fields may be missing."""

import msgspec

from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.anomaly import ModelReference


class Anomaly(msgspec.Struct, frozen=True):
    """A message of the anomalies topic, of this version of the app or of others."""

    id: str
    time: str
    score: float
    p_value: float
    severity: str
    threshold: float
    reasons: list[Reason]
    model: ModelReference
    transaction: msgspec.Raw
    entity: str | None = None
    detected_at: str | None = None
    transaction_id: str | int | float | None = None
    features: dict[str, int | float | str | None] | None = None


class Member(msgspec.Struct, frozen=True):
    """Which incident an anomaly belongs to."""

    anomaly: str
    incident: str


class Incident(msgspec.Struct, frozen=True):
    """The document of an incident."""

    id: str
    title: str = ""
    severity: str = ""
    status: str = ""
    opened: str | None = None
    last: str | None = None
    resolved: str | None = None
    anomalies: int = 0
    entities: int = 0
    entity: str | None = None
    taken_by: str | None = None
    merged_into: str | None = None


read_anomaly = msgspec.json.Decoder(Anomaly).decode
read_member = msgspec.json.Decoder(Member).decode
read_incident = msgspec.json.Decoder(Incident).decode
