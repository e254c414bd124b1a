"""The channel without Slack: the same text, in the worker's log."""

import logging

from anomaly_app.channels.protocol import Outcome
from anomaly_app.core.alerts import Alert

logger = logging.getLogger(__name__)


class LogChannel:
    """Write alerts to the log."""

    def render(self, alert: Alert) -> str:
        """Format an alert as one line."""
        return alert.text

    async def deliver(self, message: str) -> Outcome:
        """Log the line; this always succeeds."""
        logger.warning("ALERT %s", message)
        return Outcome.LOGGED

    async def close(self) -> None:
        """Do nothing: there is no connection."""
