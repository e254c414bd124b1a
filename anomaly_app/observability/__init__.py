"""Counts and logs of a worker about itself."""

from anomaly_app.observability.counters import Counters
from anomaly_app.observability.gaps import report_gap

__all__ = ["Counters", "report_gap"]
