"""The stages of an alert, from a message of the anomalies topic to a delivered notification.

A stage takes a notification and returns it for the next stage, or returns its outcome.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from anomaly_app.channels import AlertChannel, Delivery, Outcome
from anomaly_app.core.alerts import Alert, read_alert, render_alert
from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.errors import AnomalyUnreadable, RecordRejected
from anomaly_app.kafka.consumer import Record

logger = logging.getLogger(__name__)

BETWEEN_LINES = 60.0
"""Seconds between two log lines about messages that are not anomalies."""

Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class Notification:
    """A message of the anomalies topic, with what the stages have added so far."""

    record: Record
    alert: Alert | None = None
    """Set by `read`."""
    message: Any = None
    """The alert in the channel's format; set by `render`."""


Done: TypeAlias = Outcome | None
"""The outcome of an alert; None if the worker abandoned it, so that it is read again."""

Stage: TypeAlias = Callable[[Notification], Awaitable[Notification | Done]]

Reject: TypeAlias = Callable[[Rejected], Awaitable[None]]
"""Sends a message to the dead letters, and returns when the broker has it."""


async def notify(record: Record, stages: Sequence[Stage], reject: Reject) -> Done:
    """Pass a message through the stages until one of them returns an outcome.

    Parameters
    ----------
    record
        A record of the anomalies topic; anyone may have written it.
    stages
        The stages; the last one always returns an outcome.
    reject
        Called with a message that a stage rejects.
    """
    notification = Notification(record)
    try:
        for stage in stages:
            passed = await stage(notification)
            if not isinstance(passed, Notification):
                return passed
            notification = passed
    except RecordRejected as error:
        await reject(Rejected(record, error))
        return Outcome.DEAD_LETTER
    raise TypeError("no stage returned the outcome of an alert")


def read() -> Stage:
    """Read the anomaly; messages that are not anomalies are logged, once a minute."""
    throttle = Throttle(BETWEEN_LINES)

    async def stage(notification: Notification) -> Notification | Done:
        record = notification.record
        try:
            return replace(notification, alert=read_alert(record.value))
        except AnomalyUnreadable as fault:
            if count := throttle.count(time.monotonic()):
                logger.error(  # noqa: TRY400
                    "no alert: %s is not an anomaly (%s): %.200r; %d such %s since the last line",
                    position(record),
                    fault,
                    record.value,
                    count,
                    "message" if count == 1 else "messages",
                )
            return Outcome.UNREADABLE

    return stage


def render(channel: AlertChannel[Message]) -> Stage:
    """Format the alert for the channel."""

    async def stage(notification: Notification) -> Notification:
        assert notification.alert is not None  # noqa: S101  # it has been read
        return replace(notification, message=render_alert(notification.alert, channel.render))

    return stage


def deliver(delivery: Delivery[Message]) -> Stage:
    """Deliver the rendered alert, however long that takes."""

    async def stage(notification: Notification) -> Done:
        return await delivery.deliver(notification.message)

    return stage


def position(record: Record) -> str:
    """Describe where a message is in Kafka."""
    return f"{record.topic} partition {record.partition} offset {record.offset}"
