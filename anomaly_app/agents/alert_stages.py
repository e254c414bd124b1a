"""The stages of an alert's way, from a message of the anomalies topic to people.

A stage takes a notification and gives it to the next one, or says what became of it.
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
"""Seconds between two lines on messages that are no anomalies."""

Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class Notification:
    """What is known of a message of the anomalies topic, stage by stage."""

    record: Record
    alert: Alert | None = None
    """From `read` on."""
    message: Any = None
    """The alert as the channel takes it; from `render` on."""


Done: TypeAlias = Outcome | None
"""What became of an alert; None where the worker abandoned it, so that it is read again."""

Stage: TypeAlias = Callable[[Notification], Awaitable[Notification | Done]]

Reject: TypeAlias = Callable[[Rejected], Awaitable[None]]
"""Makes a message a dead letter, and returns when the broker has it."""


async def notify(record: Record, stages: Sequence[Stage], reject: Reject) -> Done:
    """Take a message through the stages until one of them says what became of it.

    Parameters
    ----------
    record
        Of the anomalies topic; anybody may have written it.
    stages
        The last of them never gives the notification on.
    reject
        Takes a message that a stage rejects.
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
    raise TypeError("no stage said what became of an alert")


def read() -> Stage:
    """Read the anomaly; what is none is said in the log, once a minute."""
    throttle = Throttle(BETWEEN_LINES)

    async def stage(notification: Notification) -> Notification | Done:
        record = notification.record
        try:
            return replace(notification, alert=read_alert(record.value))
        except AnomalyUnreadable as fault:
            if count := throttle.count(time.monotonic()):
                logger.error(  # noqa: TRY400
                    "no alert, %s is not an anomaly (%s): %.200r; %d such since the last line",
                    position(record),
                    fault,
                    record.value,
                    count,
                )
            return Outcome.UNREADABLE

    return stage


def render(channel: AlertChannel[Message]) -> Stage:
    """Write the alert as the channel takes it."""

    async def stage(notification: Notification) -> Notification:
        assert notification.alert is not None  # noqa: S101  # it has been read
        return replace(notification, message=render_alert(notification.alert, channel.render))

    return stage


def deliver(delivery: Delivery[Message]) -> Stage:
    """Deliver what was rendered, however long that takes."""

    async def stage(notification: Notification) -> Done:
        return await delivery.deliver(notification.message)

    return stage


def position(record: Record) -> str:
    """Say where a message is in Kafka."""
    return f"{record.topic} partition {record.partition} offset {record.offset}"
