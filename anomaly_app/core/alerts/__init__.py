"""Alerts: from a message of the anomalies topic to words for people."""
