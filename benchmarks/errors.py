"""What can go wrong in a benchmark."""

from anomaly_app.errors import AnomalyAppError


class BenchmarkError(AnomalyAppError):
    """A system under test ended, stood still, or found other anomalies than the rest."""
