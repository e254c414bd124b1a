"""The channel without Slack: the same words, in the worker's log."""

import logging

from anomaly_app.channels.protocol import Outcome
from anomaly_app.core.alerts import Alert

logger = logging.getLogger(__name__)


class LogChannel:
    """Write alerts to the log."""

    def render(self, alert: Alert) -> str:
        """Write an alert as one line."""
        return alert.text

    async def deliver(self, message: str) -> Outcome:
        """Write the line; it always succeeds."""
        logger.warning("ALERT %s", message)
        return Outcome.LOGGED

    async def close(self) -> None:
        """Do nothing: there is no connection."""
