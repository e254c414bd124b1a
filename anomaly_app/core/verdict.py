"""What becomes of a batch: what was found, and the messages that say so."""

from typing import NamedTuple

from anomaly_app.core.decide import Severity
from anomaly_app.core.decode import KafkaRecord, Rejected, Transaction
from anomaly_app.core.explain import Reason


class Finding(NamedTuple):
    """One anomalous transaction, with the reasons."""

    record: KafkaRecord
    transaction: Transaction
    score: float
    p_value: float
    severity: Severity
    reasons: list[Reason]


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

    def followed_by(self, other: "Verdict") -> "Verdict":
        """Put the verdict on the records that follow behind this one."""
        return Verdict(
            self.scored + other.scored,
            self.findings + other.findings,
            self.rejected + other.rejected,
            self.anomalies + other.anomalies,
            self.dead_letters + other.dead_letters,
        )
