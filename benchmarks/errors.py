"""Errors of benchmarks."""

from anomaly_app.errors import AnomalyAppError


class BenchmarkError(AnomalyAppError):
    """A system ended, stalled, or found other anomalies than expected."""
