"""The anomaly message: one finding, written to and read from JSON."""

from itertools import islice
from math import isfinite

import msgspec
from msgspec.structs import replace

from anomaly_app.core.decoding.decoded import entity_of
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.scoring.embedded import embedded
from anomaly_app.core.scoring.masks import Masks
from anomaly_app.core.scoring.verdict import Features, Finding
from anomaly_app.core.times import iso_time

MOST_FEATURES = 200
"""Features whose values are in a message: the first ones of a model that has more."""

LONGEST_TEXT = 256
"""Characters of a text among them, and of the sender's own id: the size of a message is bounded;
see `anomaly_app.kafka.topic_creation.MESSAGE_OVERHEAD`."""


class ModelReference(msgspec.Struct, frozen=True):
    """The model that scored the transaction."""

    name: str
    version: str
    sha256: str


class Anomaly(msgspec.Struct, frozen=True):
    """The same message as `anomaly_app.records.Anomaly` for Faust users, at a tenth of the cost."""

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
    """The transaction as JSON, as it was received, except for what is masked."""
    transaction_id: str | int | float | None = None
    """The sender's own id of the transaction."""
    features: dict[str, FeatureValue] = {}
    """Values as the model saw them, with what it remembered; null where one was missing."""

    @property
    def source(self) -> tuple[str, int, int]:
        """Topic, partition and offset of the transaction.

        Raises
        ------
        ValueError
            The id does not have that form.
        """
        topic, partition, offset = self.id.rsplit("-", 2)
        return topic, int(partition), int(offset)


write_json = msgspec.json.Encoder().encode
"""Encodes an `Anomaly`, or anything made of JSON types, as JSON."""

read_anomaly = msgspec.json.Decoder(Anomaly).decode
"""Decodes JSON to an `Anomaly`; anything else raises one of `READING_FAULTS`."""

READING_FAULTS = (ValueError, RecursionError)
"""Exceptions for bytes that are not an `Anomaly`: errors of msgspec and of UTF-8 are subclasses of
the first, the second is raised for deep nesting."""


def to_anomaly(
    finding: Finding, manifest: Manifest, detected_at: float, masks: Masks | None = None
) -> Anomaly:
    """Convert a finding to the anomaly to send.

    Parameters
    ----------
    finding
        A finding of the pipeline.
    manifest
        Manifest of the model that scored it.
    detected_at
        Seconds since the epoch.
    masks
        What the message does not show.
    """
    record, transaction = finding.record, finding.transaction
    made = Anomaly(
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
        transaction=embedded(transaction.json, masks),
        transaction_id=_plain(transaction.id),
        features=_bounded(finding.features),
    )
    return made if masks is None else _masked(made, finding, masks)


def _masked(made: Anomaly, finding: Finding, masks: Masks) -> Anomaly:
    features = {name: masks.feature(name, value) for name, value in finding.features.items()}
    return replace(
        made,
        entity=masks.entity_of(finding.transaction, finding.record.key),
        reasons=[masks.reason(reason) for reason in made.reasons],
        transaction_id=_plain(masks.id_of(finding.transaction)),
        features=_bounded(features),
    )


def _bounded(features: Features) -> Features:
    found = islice(features.items(), MOST_FEATURES)
    return {name: _plain(value) for name, value in found}


def _plain(value: FeatureValue) -> FeatureValue:
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value[:LONGEST_TEXT] if isinstance(value, str) else value
