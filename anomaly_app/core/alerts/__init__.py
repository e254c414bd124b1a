"""Alerts: turn messages of the anomalies topic into text for people."""

from anomaly_app.core.alerts.alert import Alert
from anomaly_app.core.alerts.reading import read_alert, render_alert

__all__ = ["Alert", "read_alert", "render_alert"]
