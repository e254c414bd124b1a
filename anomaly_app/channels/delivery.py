"""Delivering an alert: again and again until it is done, or until the worker lets go of it."""

import asyncio
import logging
from collections.abc import Callable

from anomaly_app.channels.protocol import AlertChannel, Later, Outcome
from anomaly_app.core.alerts.message import AlertMessage

logger = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds between attempts where the channel names none: doubled from first to longest."""

GLANCE = 0.2
"""Seconds between two looks whether to give up: a stop waits for no more than this."""


class Delivery:
    """Carry alerts through a channel, one after the other.

    Parameters
    ----------
    channel
        Where they go.
    given_up
        Whether the worker lets go of the alert in hand; it is then read again later.
    """

    def __init__(self, channel: AlertChannel, *, given_up: Callable[[], bool]) -> None:
        self._channel = channel
        self._given_up = given_up
        self.waiting_for: str | None = None
        """Why the alert in hand has not been delivered yet; None while nothing is amiss."""

    async def deliver(self, message: AlertMessage) -> Outcome | None:
        """Deliver a message.

        Returns
        -------
        Outcome or None
            None where the worker let go before the message was delivered.
        """
        pause = FIRST_PAUSE
        while not self._given_up():
            answer = await self._channel.deliver(message)
            if not isinstance(answer, Later):
                self.waiting_for = None
                return answer
            if answer.pause is None:
                wait, pause = pause, min(2 * pause, LONGEST_PAUSE)
                self.waiting_for = answer.why
                logger.warning("alert waits %.0f s: %s", wait, answer.why)
            else:
                wait = answer.pause
            await self._sleep(wait)
        return None

    async def _sleep(self, seconds: float) -> None:
        left = seconds
        while left > 0 and not self._given_up():
            await asyncio.sleep(min(left, GLANCE))
            left -= GLANCE
