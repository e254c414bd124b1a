"""Alerts: which anomalies are one incident, who is told of it, when, and what people answer.

The state is a function of a log, see `log` and `step`.
"""
