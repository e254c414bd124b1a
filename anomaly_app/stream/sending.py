"""Sends that are known to have arrived, or else end the process."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple, NoReturn

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from faust.exceptions import FaustError
from faust.types import TopicT

from anomaly_app.core.errors import MessageTooLarge

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between attempts: the pause doubles from the first to the longest."""

SEND_ERRORS = (KafkaError, FaustError, OSError, TimeoutError)
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class Outgoing(NamedTuple):
    """One message to produce."""

    topic: TopicT
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


async def send_all(messages: Sequence[Outgoing], *, timeout: float) -> None:  # noqa: ASYNC109
    """Produce messages and return when the broker has acknowledged every one.

    Parameters
    ----------
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
    waiting = list(messages)
    while waiting:
        outcomes = await asyncio.gather(*map(_send, waiting), return_exceptions=True)
        failed = [
            (message, outcome)
            for message, outcome in zip(waiting, outcomes, strict=True)
            if isinstance(outcome, BaseException)
        ]
        for message, fault in failed:
            if isinstance(fault, TOO_LARGE):
                raise _too_large(message) from fault
            if not isinstance(fault, SEND_ERRORS) or clock() + pause > deadline:
                raise fault
        if failed:
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


def _too_large(message: Outgoing) -> MessageTooLarge:
    size = len(message.value or b"")
    return MessageTooLarge(
        f"topic {message.topic.get_topic_name()} does not take a message of {size:,} bytes: raise "
        "its max.message.bytes, or lower ANOMALY_MAX_RECORD_BYTES"
    )


async def _send(message: Outgoing) -> Any:
    acknowledged: Awaitable[Any] = await message.topic.send(
        key=message.key, value=message.value, headers=message.headers
    )
    return await acknowledged


def exit_without_commit(where: str, fault: BaseException) -> NoReturn:
    """End the process at once, so that nothing after the last commit counts as done.

    Where an agent raises, Faust starts it anew with the records that follow, and their commit
    would cover those in hand; a worker that comes back after this finds them again.

    Parameters
    ----------
    where
        The records in hand: topic, partition, offsets.
    fault
        What went wrong.
    """
    logger.critical(
        "%s: %r; exiting without committing, these records are read again at the next start",
        where,
        fault,
        exc_info=fault,
    )
    logging.shutdown()
    os._exit(os.EX_TEMPFAIL)
