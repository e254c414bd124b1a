"""Scoring: from a batch of records to a verdict, with the messages that tell of it.

`pipeline.Pipeline.judge` gives a `verdict.Verdict`; `anomaly.Anomaly` and `dead_letter` are what
travels.
"""

__all__ = ["anomaly", "dead_letter", "pipeline", "severity", "verdict"]
