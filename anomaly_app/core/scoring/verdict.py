"""What becomes of a batch: what was found, and the messages that say so."""

from collections.abc import Mapping
from typing import NamedTuple

from anomaly_app.core.decoding.decoded import KafkaRecord, Lacking, Rejected, Transaction, count
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.severity import Severity


class Finding(NamedTuple):
    """One anomalous transaction, with the reasons."""

    record: KafkaRecord
    transaction: Transaction
    score: float
    p_value: float
    severity: Severity
    reasons: list[Reason]
    original: bytes
    """The record's value as JSON, without what a serializer wrote before it."""


class Message(NamedTuple):
    """A message as it is sent; its topic is the caller's to choose."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class Verdict(NamedTuple):
    """What became of a batch: each record was scored or rejected, exactly one of the two."""

    scored: int
    findings: list[Finding]
    rejected: list[Rejected]
    anomalies: list[Message]
    """One for each finding."""
    dead_letters: list[Message]
    """One for each record that was rejected."""
    absent: Mapping[str, Lacking] = {}
    """What scored records lacked: features, and the key and the time that roles name."""

    def followed_by(self, other: "Verdict") -> "Verdict":
        """Put the verdict on the records that follow behind this one."""
        return Verdict(
            self.scored + other.scored,
            self.findings + other.findings,
            self.rejected + other.rejected,
            self.anomalies + other.anomalies,
            self.dead_letters + other.dead_letters,
            _both(self.absent, other.absent),
        )


def _both(one: Mapping[str, Lacking], other: Mapping[str, Lacking]) -> Mapping[str, Lacking]:
    added = dict(one)
    for name, lacking in other.items():
        count(added, name, lacking)
    return added
