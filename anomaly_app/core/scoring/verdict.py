"""The result of judging a batch: the findings, and the messages to send."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from anomaly_app.core.decoding.decoded import Absent, KafkaRecord, Rejected, Transaction, joined
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.scoring.severity import Severity

Features: TypeAlias = dict[str, FeatureValue]
"""Values of features by name, as the model saw them; numbers may be NaN where one is missing."""


class Finding(NamedTuple):
    """One anomalous transaction, with the reasons."""

    record: KafkaRecord
    transaction: Transaction
    score: float
    p_value: float
    severity: Severity
    reasons: list[Reason]
    features: Features


class Message(NamedTuple):
    """A message to send; the caller chooses the topic."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class Verdict(NamedTuple):
    """The result of judging a batch: each record was either scored or rejected.

    It is the only output of judging, and has no effect by itself: the caller sends the messages,
    then counts.
    """

    manifest: Manifest
    """Manifest of the model that judged, which may have been replaced since."""
    scored: int
    findings: list[Finding]
    rejected: list[Rejected]
    anomalies: list[Message]
    """One per finding."""
    dead_letters: list[Message]
    """One per rejected record."""
    absent: Mapping[str, Absent] = {}
    """Fields missing from scored records: features, and the key and time of the roles."""

    def followed_by(self, other: "Verdict") -> "Verdict":
        """Return the combined verdict with that of the same model on the following records."""
        return Verdict(
            self.manifest,
            self.scored + other.scored,
            self.findings + other.findings,
            self.rejected + other.rejected,
            self.anomalies + other.anomalies,
            self.dead_letters + other.dead_letters,
            joined(self.absent, other.absent),
        )
