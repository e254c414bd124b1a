"""The alert agent: an anomaly in, a message to people out."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from faust.types import StreamT

from anomaly_app.agents.topics import Topics
from anomaly_app.agents.watching import notice, to_letter
from anomaly_app.channels.delivery import Delivery
from anomaly_app.channels.log import LogChannel
from anomaly_app.channels.protocol import AlertChannel, Outcome
from anomaly_app.channels.slack import SlackChannel
from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.reading import read_alert
from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.core.monitoring.watch import Batch
from anomaly_app.core.scoring.dead_letter import write_dead_letter
from anomaly_app.errors import AnomalyUnreadable, RecordRejected
from anomaly_app.kafka.consumer import ConfirmingApp, PendingBatch, Record
from anomaly_app.kafka.exit import exit_without_commit
from anomaly_app.kafka.sending import Outgoing, send_all
from anomaly_app.settings.app import Settings

logger = logging.getLogger(__name__)

BETWEEN_LINES = 60.0
"""Seconds between two lines on messages that are no anomalies."""


def define_alerting(app: ConfirmingApp, topics: Topics, context: WorkerContext) -> None:
    """Define the agent that alerts people."""
    settings = context.settings
    channel = make_channel(settings)
    # Faust suspends the flow before a rebalance or a stop, and then waits for what is in flight.
    delivery = Delivery(channel, given_up=lambda: not app.flow_control.is_active())
    context.alerts_wait_for = lambda: delivery.waiting_for

    async def reject(rejected: Rejected) -> None:
        rejected, letter = write_dead_letter(rejected)
        producer = await app.maybe_start_producer()
        outgoing = Outgoing(settings.dead_letters_topic, *letter)
        await send_all(producer, [outgoing], timeout=settings.send_timeout)
        notice(Batch(others=[to_letter(rejected)]), context)

    alerts = Alerts(delivery, reject)

    @app.agent(topics.anomalies, name="alerting")
    async def alerting(stream: StreamT[Any]) -> None:
        """Alert people on anomalies, in Slack or in the log."""
        try:
            async for batch in app.batches(stream):
                await alert_batch(batch, alerts, context)
        except Exception as fault:  # noqa: BLE001  # Faust would restart it past what is in flight
            exit_without_commit(f"the stream of {settings.anomalies_topic}", fault)
        finally:
            await channel.close()


async def alert_batch(batch: PendingBatch, alerts: "Alerts", context: WorkerContext) -> None:
    """Alert on the anomalies of a batch, and confirm each of them."""
    for found in batch.partitions:
        for record in found.records:
            try:
                outcome = await alerts.alert(record)
            except Exception as fault:  # noqa: BLE001  # nothing may pass for done that is not
                exit_without_commit(f"alert on {_place(record)}", fault)
            if outcome is None:
                # Faust would not stop before it is done; it is read again, here or elsewhere.
                batch.finish()
                return
            context.counters.alerts[outcome] += 1
            batch.confirm(record)
        batch.confirm(found)
    batch.finish()


class Alerts:
    """Alerts on one message of the anomalies topic after the other.

    Parameters
    ----------
    delivery
        Carries the words to people.
    reject
        Makes a message a dead letter, and returns when the broker has it.
    """

    def __init__(self, delivery: Delivery, reject: Callable[[Rejected], Awaitable[None]]) -> None:
        self._delivery = delivery
        self._reject = reject
        self._unreadable = Throttle(BETWEEN_LINES)

    async def alert(self, record: Record) -> Outcome | None:
        """Alert on one message; None where the worker let go of it."""
        try:
            message = read_alert(record.value)
        except AnomalyUnreadable as fault:
            if count := self._unreadable.count(time.monotonic()):
                logger.error(  # noqa: TRY400
                    "no alert, %s is not an anomaly (%s): %.200r; %d such since the last line",
                    _place(record),
                    fault,
                    record.value,
                    count,
                )
            return Outcome.UNREADABLE
        except RecordRejected as error:
            await self._reject(Rejected(record, error))
            return Outcome.DEAD_LETTER
        return await self._delivery.deliver(message)


def make_channel(settings: Settings) -> AlertChannel:
    """Choose the channel: Slack where there is a token, the log otherwise."""
    if settings.slack_token is None or settings.slack_channel is None:
        return LogChannel()
    return SlackChannel(
        token=settings.slack_token.get_secret_value(),
        channel=settings.slack_channel,
        url=settings.slack_url,
        interval=settings.slack_interval,
    )


def _place(record: Record) -> str:
    return f"{record.topic} partition {record.partition} offset {record.offset}"
