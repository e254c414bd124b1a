"""Errors of brokers and processes that the harness runs."""

from anomaly_app.errors import BrokerUnreachable


class BrokerNotStarted(BrokerUnreachable):
    """A broker of the harness did not start, or has not been started."""
