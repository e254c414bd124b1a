"""The protocol of an alert channel: formatting an alert, and one attempt to deliver it."""

from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from anomaly_app.core.alerts import Alert

Message = TypeVar("Message")
"""An alert in the format of one channel."""


class Outcome(StrEnum):
    """The outcome of an alert; the labels of the alert counters."""

    SENT = "sent"
    """Slack accepted it."""
    LOGGED = "logged"
    """No Slack is configured: it is in the log."""
    REFUSED = "refused"
    """Slack rejected this message permanently: it is in the log."""
    UNREADABLE = "unreadable"
    """The message on the anomalies topic is not an anomaly."""
    DEAD_LETTER = "dead_letter"
    """It is an anomaly, but could not be formatted as an alert."""


class Later(NamedTuple):
    """The channel cannot accept the message now."""

    pause: float | None
    """Seconds that the channel asked to wait; None if it did not say."""
    why: str


class AlertChannel(Protocol[Message]):
    """Delivers alerts."""

    def render(self, alert: Alert) -> Message:
        """Format an alert for this channel; any exception counts as the alert's fault."""

    async def deliver(self, message: Message) -> Outcome | Later:
        """Try once to deliver a message; failures of the other side are returned, not raised."""

    async def close(self) -> None:
        """Release connections."""
