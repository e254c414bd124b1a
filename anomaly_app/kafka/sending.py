"""Sends that return when the broker has acknowledged every message."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from faust.exceptions import FaustError
from faust.types.transports import ProducerT

from anomaly_app.errors import MessageTooLarge

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between attempts: the pause doubles from the first to the longest."""

SEND_ERRORS = (KafkaError, FaustError, OSError, TimeoutError)
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class Outgoing(NamedTuple):
    """One message to produce."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


async def send_all(
    producer: ProducerT,
    messages: Sequence[Outgoing],
    *,
    timeout: float,  # noqa: ASYNC109
) -> None:
    """Produce messages and return when the broker has acknowledged every one.

    Parameters
    ----------
    producer
        It has been started.
    messages
        Sent together; those that fail are sent again, after growing pauses.
    timeout
        Seconds of failing after which the last error is raised.

    Raises
    ------
    MessageTooLarge
        A topic does not take a message of this size, however often it is sent.
    KafkaError
        Sends went on failing.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + timeout
    pause = FIRST_PAUSE
    waiting = messages
    while failed := await _send(producer, waiting):
        for message, fault in failed:
            if isinstance(fault, TOO_LARGE):
                raise _too_large(message) from fault
            if not isinstance(fault, SEND_ERRORS) or clock() + pause > deadline:
                raise fault
        logger.warning(
            "%d of %d sends failed (%r); again in %.1f s",
            len(failed),
            len(waiting),
            failed[0][1],
            pause,
        )
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
        waiting = [message for message, _ in failed]


async def _send(
    producer: ProducerT, messages: Sequence[Outgoing]
) -> list[tuple[Outgoing, BaseException]]:
    """Send once; the messages that failed, in order, with their faults."""
    under_way: list[Awaitable[Any]] = []
    refused: list[BaseException] = []
    for topic, key, value, headers in messages:
        try:
            under_way.append(await producer.send(topic, key, value, None, None, headers))
        except Exception as fault:  # noqa: BLE001  # sorted by the caller
            # Those behind it would wait as long, one after the other.
            refused = [fault] * (len(messages) - len(under_way))
            break
    outcomes = await asyncio.gather(*under_way, return_exceptions=True)
    return [
        (message, outcome)
        for message, outcome in zip(messages, [*outcomes, *refused], strict=True)
        if isinstance(outcome, BaseException)
    ]


def _too_large(message: Outgoing) -> MessageTooLarge:
    size = len(message.value or b"")
    return MessageTooLarge(
        f"topic {message.topic} does not take a message of {size:,} bytes: raise "
        "its max.message.bytes, or lower ANOMALY_MAX_RECORD_BYTES"
    )
