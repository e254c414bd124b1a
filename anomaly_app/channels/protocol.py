"""What an alert channel is: one attempt to deliver one message."""

from enum import StrEnum
from typing import NamedTuple, Protocol

from anomaly_app.core.alerts.message import AlertMessage


class Outcome(StrEnum):
    """What became of an alert; the labels of the alert counters."""

    SENT = "sent"
    """Slack took it."""
    LOGGED = "logged"
    """No Slack is configured: it stands in the log."""
    REFUSED = "refused"
    """Slack refused this very message for good: it stands in the log."""
    UNREADABLE = "unreadable"
    """What was read from the anomalies topic is not an anomaly."""
    DEAD_LETTER = "dead_letter"
    """It is one, and cannot be put into words."""


class Later(NamedTuple):
    """The channel cannot take the message now."""

    pause: float | None
    """Seconds that the channel asked to wait; None: it did not say."""
    why: str


class AlertChannel(Protocol):
    """Carries messages to people."""

    async def deliver(self, message: AlertMessage) -> Outcome | Later:
        """Try once to deliver a message; never raises for what the other side does."""

    async def close(self) -> None:
        """Release connections."""
