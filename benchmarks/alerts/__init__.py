"""How good alerts are: labelled streams of anomalies, replayed through policies.

Public are the commands; `streams` makes the streams, `policies` are what is compared, and
`measures` says how good they are.
"""

from benchmarks.alerts.command import alerts, alerts_streams

__all__ = ["alerts", "alerts_streams"]
