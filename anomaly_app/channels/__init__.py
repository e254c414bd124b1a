"""Anomalies as messages to people, and the channels that carry them."""
