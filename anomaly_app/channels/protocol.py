"""What an alert channel is: its way to write an alert, and one attempt to deliver it."""

from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from anomaly_app.core.alerts import Alert

Message = TypeVar("Message")
"""An alert as one channel writes it."""


class Outcome(StrEnum):
    """What became of an alert; the labels of the alert counters."""

    SENT = "sent"
    """Slack took it."""
    LOGGED = "logged"
    """No Slack is configured: it is in the log."""
    REFUSED = "refused"
    """Slack refused this very message for good: it is in the log."""
    UNREADABLE = "unreadable"
    """What was read from the anomalies topic is not an anomaly."""
    DEAD_LETTER = "dead_letter"
    """It is one, and cannot be put into words."""


class Later(NamedTuple):
    """The channel cannot take the message now."""

    pause: float | None
    """Seconds that the channel asked to wait; None: it did not say."""
    why: str


class AlertChannel(Protocol[Message]):
    """Carries alerts to people."""

    def render(self, alert: Alert) -> Message:
        """Write an alert as this channel takes it; whatever raises here is the alert's fault."""

    async def deliver(self, message: Message) -> Outcome | Later:
        """Try once to deliver a message; never raises for what the other side does."""

    async def close(self) -> None:
        """Release connections."""
