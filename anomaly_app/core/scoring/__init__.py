"""Scoring: turn a batch of records into a verdict, including the messages to send.

`pipeline.Pipeline.judge` returns a `verdict.Verdict`; `anomaly.Anomaly` and `dead_letter` define
the messages.
"""

__all__ = ["anomaly", "dead_letter", "pipeline", "severity", "verdict"]
