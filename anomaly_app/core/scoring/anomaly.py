"""An anomaly as it travels: one finding, written as JSON and read again."""

import msgspec

from anomaly_app.core.decoding.decoded import entity_of
from anomaly_app.core.json_reading import read_json
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.scoring.verdict import Finding
from anomaly_app.core.times import iso_time

MOST_NESTING = 50
"""Levels of a transaction that travel with an anomaly as JSON: reading it may recurse."""


class ModelReference(msgspec.Struct, frozen=True):
    """The model that judged."""

    name: str
    version: str
    sha256: str


class Anomaly(msgspec.Struct, frozen=True):
    """What `anomaly_app.records.Anomaly` describes for users of Faust, at a tenth of the cost."""

    id: str
    entity: str | None
    time: str
    detected_at: str
    score: float
    p_value: float
    severity: str
    threshold: float
    reasons: list[Reason]
    model: ModelReference
    transaction: msgspec.Raw
    """JSON, as it was received."""

    @property
    def source(self) -> tuple[str, int, int]:
        """Topic, partition and offset of the transaction.

        Raises
        ------
        ValueError
            The id has another form.
        """
        topic, partition, offset = self.id.rsplit("-", 2)
        return topic, int(partition), int(offset)


write_json = msgspec.json.Encoder().encode
"""From an `Anomaly`, or anything of JSON's types, to JSON."""

read_anomaly = msgspec.json.Decoder(Anomaly).decode
"""From JSON to an `Anomaly`; what is none raises one of `READING_FAULTS`."""

READING_FAULTS = (ValueError, RecursionError)
"""What bytes raise that are not an `Anomaly`: msgspec's errors and those of UTF-8 are of the first
kind, the second is nesting without end."""


def to_anomaly(finding: Finding, manifest: Manifest, detected_at: float) -> Anomaly:
    """Write a finding as the anomaly that travels.

    Parameters
    ----------
    finding
        What the pipeline found.
    manifest
        Of the model that judged.
    detected_at
        Seconds since the epoch.
    """
    record, transaction = finding.record, finding.transaction
    return Anomaly(
        id=f"{record.topic}-{record.partition}-{record.offset}",
        entity=entity_of(transaction.entity, record.key),
        time=iso_time(transaction.time),
        detected_at=iso_time(detected_at),
        score=finding.score,
        p_value=finding.p_value,
        severity=finding.severity,
        threshold=manifest.threshold,
        reasons=finding.reasons,
        model=ModelReference(manifest.name, manifest.version, manifest.sha256),
        transaction=_original(transaction.json),
    )


def _original(value: bytes) -> msgspec.Raw:
    # A field that the model does not use may hold what others cannot read, such as 1e999.
    try:
        readable = not _nested_deeper(read_json(value), MOST_NESTING)
    except (ValueError, RecursionError):
        readable = False
    return msgspec.Raw(
        value if readable else write_json({"unreadable": value.decode(errors="replace")})
    )


def _nested_deeper(value: object, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        inner: list[object] = []
        for item in layer:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return False
        layer = inner
    return True
