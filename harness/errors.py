"""Errors of the harness, in addition to those of `anomaly_app.errors`."""

from anomaly_app.errors import AnomalyAppError, BrokerUnreachable


class WorkerEnded(AnomalyAppError):
    """A worker process ended unexpectedly, or was not ready in time."""


class BrokerNotStarted(BrokerUnreachable):
    """A broker of the harness did not start, or has not been started."""


class AlertmanagerNotStarted(AnomalyAppError):
    """Alertmanager is not here, did not start, or refused an alert."""


class PostgresNotStarted(AnomalyAppError):
    """PostgreSQL is not here, or did not start."""
