"""How urgent an anomaly is."""

from enum import StrEnum


class Severity(StrEnum):
    """Urgency of an anomaly, by how far its p-value is below the alert rate."""

    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


HIGH_BELOW = 0.1
CRITICAL_BELOW = 0.01
"""Fractions of the alert rate: ten and a hundred times rarer than the threshold."""


def severity_of(p_value: float, alert_rate: float) -> Severity:
    """Grade an anomaly.

    Parameters
    ----------
    p_value
        Tail p-value of the transaction, at most `alert_rate`.
    alert_rate
        The p-value at and below which transactions are anomalies, 0 to 1.
    """
    if p_value <= alert_rate * CRITICAL_BELOW:
        return Severity.CRITICAL
    if p_value <= alert_rate * HIGH_BELOW:
        return Severity.HIGH
    return Severity.MEDIUM
