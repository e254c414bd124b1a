"""The typed records on the wire: those the app reads, and those it sends."""

from typing import Any

import faust

from anomaly_app.core.scoring.dead_letter import DeadLetterHeaders


class Transaction(faust.Record, serializer="json", include_metadata=False):
    """One event to score, as produced to ``transactions`` (key = entity).

    A flat object with the columns of the history as fields is accepted as well.

    Parameters
    ----------
    features
        Names and values (number, text or null), or a list in the model's order.
    id
        The sender's own id; it is passed on to the anomaly unchanged.
    entity
        Whose transaction it is; the Kafka key by default.
    time
        ISO 8601 (UTC unless it has an offset), or seconds, milliseconds, microseconds or
        nanoseconds since the epoch; Kafka's timestamp by default.
    """

    features: Any
    id: Any = None
    entity: Any = None
    time: Any = None


class RowTransaction(faust.Record, serializer="json", include_metadata=False):
    """A transaction as in the published examples: one row in the model's order."""

    data: list[list[float]]
    id: Any = None
    current_time: str | None = None


class FlatTransaction(faust.Record, serializer="json", include_metadata=False):
    """A transaction as in the published examples: the features are the fields.

    The two fields are those of the examples; a model with other features reads its own.
    """

    value1: float
    value2: float


class Reason(faust.Record, serializer="json", include_metadata=False):
    """One feature's share in an anomaly; the shares of all features sum to 1."""

    feature: str
    value: Any
    expected: Any
    share: float


class ModelReference(faust.Record, serializer="json", include_metadata=False):
    """The model that scored the transaction."""

    name: str
    version: str
    sha256: str


class Anomaly(faust.Record, serializer="json", validation=True, include_metadata=False):
    """One anomalous transaction, as produced to ``anomalies`` (same key).

    Parameters
    ----------
    id
        ``topic-partition-offset`` of its source, so that a replay gives the same id.
    entity
        Whose transaction it was, if known.
    time
        Time of the transaction, ISO 8601 in UTC.
    detected_at
        When it was scored, ISO 8601 in UTC.
    score
        0 to 1, high = anomalous.
    p_value
        How rare such a transaction is, 0 to 1.
    severity
        ``medium``, ``high`` or ``critical``.
    threshold
        The lowest score that counts as an anomaly.
    reasons
        The features that make it anomalous, strongest first.
    model
        The model that scored it.
    transaction
        The original, as received.
    transaction_id
        The sender's own id of the transaction, if it has one.
    features
        Values of the features as the model saw them, with what it remembered.
    """

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
    transaction: dict[str, Any]
    transaction_id: Any = None
    features: dict[str, Any] = {}  # noqa: RUF012  # a default of faust


class DeadLetter(faust.Record):
    """A record that could not be scored: its original key and bytes, the rest as headers.

    Parameters
    ----------
    error
        The reason, a colon, and the details.
    topic, partition, offset
        Position of the record in Kafka.
    key, value
        Its original bytes.
    """

    error: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None

    @property
    def headers(self) -> dict[str, bytes]:
        """Kafka headers; values are UTF-8."""
        return DeadLetterHeaders(self.error, self.topic, self.partition, self.offset).write()
