"""The typed records of the Faust agents."""

import faust


class Transaction(faust.Record, serializer="json"):
    """One event."""

    id: int
    entity: str
    time: str
    features: dict[str, float]


class Anomaly(faust.Record, serializer="json"):
    """One anomalous event."""

    id: int
    score: float
    transaction: Transaction
