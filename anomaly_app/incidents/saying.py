"""Keeping what people say: it is on the feedback topic before anybody is answered."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from anomaly_app.core.feedback.messages import Feedback, feedback_key, write_feedback
from anomaly_app.errors import BrokerError
from anomaly_app.kafka.sending import SEND_ERRORS, Outgoing, send_all
from anomaly_app.settings import Settings

ACCEPT_TIMEOUT = 10.0
"""Seconds in which the broker has to take what is said."""

Accept: TypeAlias = Callable[[Feedback], Awaitable[None]]
"""Keeps feedback; when it returns, the broker has it."""


def feedback_message(said: Feedback, settings: Settings) -> Outgoing:
    """Return the message of the feedback topic."""
    value = write_feedback(said, settings.group)
    return Outgoing(settings.feedback_topic, feedback_key(said), value, {})


def keeper(start_producer: Callable[[], Awaitable[Any]], settings: Settings) -> Accept:
    """Return what keeps feedback by a producer.

    Parameters
    ----------
    start_producer
        Returns it, started.
    settings
        Have the topic.
    """

    async def accept(said: Feedback) -> None:
        message = feedback_message(said, settings)
        try:
            await send_all(await start_producer(), [message], timeout=ACCEPT_TIMEOUT)
        except SEND_ERRORS as fault:
            raise BrokerError(f"writing to {message.topic} failed: {fault!r}") from None

    return accept


def new_id() -> str:
    """Return an id for a silence, or for something that is said."""
    return f"s-{secrets.token_hex(6)}"
