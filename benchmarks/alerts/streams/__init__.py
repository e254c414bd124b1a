"""Labelled streams of anomalies: simulated or recorded transactions, judged by the real pipeline.

`stream` returns one by family and seed. Of these, seeds in `EVALUATION` are not looked at when
anything is chosen; those in `DEVELOPMENT` are for that.
"""

from benchmarks.alerts.streams.catalogue import DEVELOPMENT, EVALUATION, FAMILIES, stream

__all__ = ["DEVELOPMENT", "EVALUATION", "FAMILIES", "stream"]
