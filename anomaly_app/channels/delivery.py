"""Delivering an alert: again and again until it is done, or until the worker abandons it."""

import logging
from collections.abc import Callable
from typing import Generic

from anomaly_app.backoff import Backoff
from anomaly_app.channels.protocol import AlertChannel, Later, Message, Outcome

logger = logging.getLogger(__name__)

BACKOFF = Backoff(first=1.0, longest=60.0)
"""Between attempts where the channel names no pause."""


class Delivery(Generic[Message]):
    """Carry alerts through a channel, one after the other.

    Parameters
    ----------
    channel
        Where they go.
    should_abandon
        Whether the worker abandons the alert in flight; it is then read again later.
    backoff
        Between attempts where the channel names no pause.
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
        """Why the alert in flight has not been delivered yet; None while nothing is amiss."""

    async def deliver(self, message: Message) -> Outcome | None:
        """Deliver a message.

        Returns
        -------
        Outcome or None
            None where the worker abandoned the message before it was delivered.
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
                logger.warning("alert waits %.1f s: %s", pause, answer.why)
            await self._backoff.wait(pause, self._should_abandon)
        return None
