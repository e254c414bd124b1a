"""The labels by which Alertmanager tells the alerts of a replay apart."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from anomaly_app.core.scoring.anomaly import read_anomaly


class Labels(NamedTuple):
    """What tells alerts apart."""

    entity: str
    severity: str
    feature: str
    group: str


def labels_of(value: bytes, grouped_by: Callable[[bytes], str]) -> Labels:
    """Return the labels of an anomaly, by its message."""
    anomaly = read_anomaly(value)
    feature = anomaly.reasons[0].feature if anomaly.reasons else "none"
    return Labels(str(anomaly.entity), anomaly.severity, feature, grouped_by(value))


def labels_in(alert: Mapping[str, Any]) -> Labels:
    """Return the labels of an alert in a call."""
    labels = alert["labels"]
    return Labels(*(labels.get(name, "") for name in Labels._fields))
