"""What becomes of a batch: what was found, and the messages that say so."""

from collections.abc import Mapping
from typing import NamedTuple

from anomaly_app.core.decoding.decoded import Absent, KafkaRecord, Rejected, Transaction, count
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.scoring.severity import Severity


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
    """What became of a batch: each record was scored or rejected, exactly one of the two.

    It is all that comes of judging, and nothing has been done about it: the caller sends the
    messages, then counts. A judgement that changes state (what is remembered of an entity, say)
    returns the change here as well, for the caller to apply once the messages are sent.
    """

    manifest: Manifest
    """Of the model that judged, whichever is in use by the time that this is read."""
    scored: int
    findings: list[Finding]
    rejected: list[Rejected]
    anomalies: list[Message]
    """One for each finding."""
    dead_letters: list[Message]
    """One for each record that was rejected."""
    absent: Mapping[str, Absent] = {}
    """What scored records lacked: features, and the key and the time that roles name."""

    def followed_by(self, other: "Verdict") -> "Verdict":
        """Add the same model's verdict on the records that follow."""
        return Verdict(
            self.manifest,
            self.scored + other.scored,
            self.findings + other.findings,
            self.rejected + other.rejected,
            self.anomalies + other.anomalies,
            self.dead_letters + other.dead_letters,
            _both(self.absent, other.absent),
        )


def _both(one: Mapping[str, Absent], other: Mapping[str, Absent]) -> Mapping[str, Absent]:
    added = dict(one)
    for name, absent in other.items():
        count(added, name, absent)
    return added
