"""Delivering an alert: retried until it succeeds, or until the worker abandons it."""

import logging
from collections.abc import Callable
from typing import Generic

from anomaly_app.backoff import Backoff
from anomaly_app.channels.protocol import AlertChannel, Later, Message, Outcome

logger = logging.getLogger(__name__)

BACKOFF = Backoff(first=1.0, longest=60.0)
"""Pauses between attempts if the channel does not ask for one."""


class Delivery(Generic[Message]):
    """Delivers alerts through a channel, one after the other.

    Parameters
    ----------
    channel
        The channel.
    should_abandon
        Whether to abandon the alert in flight; it is then read again later.
    backoff
        Pauses between attempts if the channel does not ask for one.
    """

    def __init__(
        self,
        channel: AlertChannel[Message],
        *,
        should_abandon: Callable[[], bool],
        backoff: Backoff = BACKOFF,
    ) -> None:
        self._channel = channel
        self._should_abandon = should_abandon
        self._backoff = backoff
        self.waiting_for: str | None = None
        """Why the alert in flight has not been delivered yet; None if nothing is wrong."""

    async def deliver(self, message: Message) -> Outcome | None:
        """Deliver a message.

        Returns
        -------
        Outcome or None
            None if the worker abandoned the message before it was delivered.
        """
        pauses = self._backoff.pauses()
        while not self._should_abandon():
            answer = await self._channel.deliver(message)
            if not isinstance(answer, Later):
                self.waiting_for = None
                return answer
            pause = answer.pause
            if pause is None:
                pause = next(pauses)
                self.waiting_for = answer.why
                logger.warning("alert not delivered (%s); retrying in %.1f s", answer.why, pause)
            await self._backoff.wait(pause, self._should_abandon)
        return None
