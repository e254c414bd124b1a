"""Keeping what people say: it is on the feedback topic before anybody is answered."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from anomaly_app.core.feedback.messages import Feedback, feedback_key, write_feedback
from anomaly_app.errors import BrokerError
from anomaly_app.kafka import (
    Progress,
    broker_errors,
    describe_topics,
    open_admin,
    open_producer,
)
from anomaly_app.kafka.sending import SEND_ERRORS, Outgoing, send_all
from anomaly_app.settings import Settings

ACCEPT_TIMEOUT = 10.0
"""Seconds in which the broker has to take what is said."""

AT_ONCE = 500
"""Messages that are sent without waiting for each other."""

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


async def check_feedback_topic(settings: Settings) -> int:
    """Return the number of partitions of the topic.

    Raises
    ------
    TopicMissing
        No worker has created it yet.
    BrokerError
        The broker does not answer.
    """
    topic = settings.feedback_topic
    async with open_admin(settings) as admin:
        with broker_errors(f"looking for {topic}"):
            return len((await describe_topics(admin, settings, topic))[topic])


async def say_all(
    said: Sequence[Feedback], settings: Settings, progress: Progress | None = None
) -> None:
    """Keep feedback; when this returns, the broker has all of it.

    Parameters
    ----------
    said
        In their order.
    settings
        The broker and the topic.
    progress
        Called with how many there are already.

    Raises
    ------
    BrokerError
        The broker does not take it; it may have taken a part.
    """
    messages = [feedback_message(one, settings) for one in said]
    async with open_producer(settings) as producer:
        with broker_errors(f"writing to {settings.feedback_topic}"):
            for first in range(0, len(messages), AT_ONCE):
                some = messages[first : first + AT_ONCE]
                sent = (producer.send_and_wait(one.topic, one.value, one.key) for one in some)
                await asyncio.gather(*sent)
                if progress is not None:
                    progress(first + len(some), len(messages))


def new_id() -> str:
    """Return an id for a silence, or for something that is said."""
    return f"s-{secrets.token_hex(6)}"
