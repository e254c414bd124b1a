"""The channel without Slack: the same words, in the worker's log."""

import logging

from anomaly_app.channels.protocol import Outcome
from anomaly_app.core.alerts.message import AlertMessage

logger = logging.getLogger(__name__)


class LogChannel:
    """Write alerts to the log."""

    async def deliver(self, message: AlertMessage) -> Outcome:
        """Write the message; it always succeeds."""
        logger.warning("ALERT %s", message.text)
        return Outcome.LOGGED

    async def close(self) -> None:
        """Do nothing: there is no connection."""
