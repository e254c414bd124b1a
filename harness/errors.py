"""What ends a run on this machine, beside the errors of `anomaly_app.errors`."""

from anomaly_app.errors import AnomalyAppError


class WorkerEnded(AnomalyAppError):
    """A worker process ended although it should run."""
