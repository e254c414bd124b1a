"""Sending messages, and returning when the broker has acknowledged every one."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from faust.exceptions import FaustError
from faust.types.transports import ProducerT

from anomaly_app.backoff import Backoff
from anomaly_app.errors import MessageTooLarge

logger = logging.getLogger(__name__)

BACKOFF = Backoff(first=0.1, longest=5.0)
"""Pauses between attempts to send what has failed."""

SEND_ERRORS = (KafkaError, FaustError, OSError, TimeoutError)
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class Outgoing(NamedTuple):
    """One message to produce."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]
    partition: int | None = None
    """None: the key chooses it."""


async def send_all(
    producer: ProducerT,
    messages: Sequence[Outgoing],
    *,
    timeout: float,  # noqa: ASYNC109
    backoff: Backoff = BACKOFF,
) -> list[Any]:
    """Produce messages and return when the broker has acknowledged every one.

    Parameters
    ----------
    producer
        A started producer.
    messages
        Sent together; those that fail are sent again, after growing pauses.
    timeout
        Seconds of failing sends after which the last error is raised.
    backoff
        Pauses between attempts.

    Returns
    -------
    list of RecordMetadata
        Where each of them is.

    Raises
    ------
    MessageTooLarge
        A topic does not accept a message of this size, however often it is sent.
    KafkaError
        Sends kept failing.
    """
    deadline = backoff.clock() + timeout
    pauses = backoff.pauses()
    places: dict[int, Any] = {}
    waiting = [*range(len(messages))]
    while True:
        outcomes = await _send(producer, [messages[n] for n in waiting])
        sent = dict(zip(waiting, outcomes, strict=True))
        failed = {n: found for n, found in sent.items() if isinstance(found, BaseException)}
        places |= {n: found for n, found in sent.items() if n not in failed}
        if not failed:
            return [places[n] for n in range(len(messages))]
        pause = next(pauses)
        for n, fault in failed.items():
            if isinstance(fault, TOO_LARGE):
                raise _too_large(messages[n]) from fault
            if not isinstance(fault, SEND_ERRORS) or backoff.clock() + pause > deadline:
                raise fault
        logger.warning(
            "%d of %d sends failed (%r); retrying in %.1f s",
            len(failed),
            len(waiting),
            next(iter(failed.values())),
            pause,
        )
        await backoff.sleep(pause)
        waiting = [*failed]


async def _send(producer: ProducerT, messages: Sequence[Outgoing]) -> list[Any]:
    """Send once; return what became of each message: where it is, or an exception."""
    in_flight: list[Awaitable[Any]] = []
    refused: list[BaseException] = []
    for topic, key, value, headers, partition in messages:
        try:
            in_flight.append(await producer.send(topic, key, value, partition, None, headers))
        except Exception as fault:  # noqa: BLE001  # sorted by the caller
            # The messages after it would each wait as long in turn.
            refused = [fault] * (len(messages) - len(in_flight))
            break
    outcomes = await asyncio.gather(*in_flight, return_exceptions=True)
    return [*outcomes, *refused]


def _too_large(message: Outgoing) -> MessageTooLarge:
    size = len(message.value or b"")
    return MessageTooLarge(
        f"topic {message.topic} does not accept a message of {size:,} bytes: raise "
        "its max.message.bytes, or lower ANOMALY_MAX_RECORD_BYTES"
    )
