"""What ends a run on this machine, beside the errors of `anomaly_app.errors`."""

from anomaly_app.errors import AnomalyAppError, BrokerUnreachable


class WorkerEnded(AnomalyAppError):
    """A worker process ended although it should run."""


class BrokerNotStarted(BrokerUnreachable):
    """A broker of the harness did not start, or has not been started."""
