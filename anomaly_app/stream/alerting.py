"""The alert agent: an anomaly in, a message to people out."""

import logging
from typing import Any, cast

from faust.types import EventT, StreamT

from anomaly_app.alerting.channel import AlertChannel, Outcome
from anomaly_app.alerting.delivery import Delivery
from anomaly_app.alerting.log import LogChannel
from anomaly_app.alerting.message import AlertMessage
from anomaly_app.alerting.slack import SlackChannel
from anomaly_app.core.anomaly import read_anomaly
from anomaly_app.runtime import Runtime
from anomaly_app.settings import Settings
from anomaly_app.stream.batching import Run
from anomaly_app.stream.sending import exit_without_commit
from anomaly_app.stream.topics import Topics
from anomaly_app.stream.transport import ConfirmingApp

logger = logging.getLogger(__name__)

ALERTS_AT_ONCE = 32
"""Anomalies in an event at most: to the log they are written without a pause."""


def define_alerting(app: ConfirmingApp, topics: Topics, runtime: Runtime) -> None:
    """Define the agent that alerts people."""
    channel = make_channel(runtime.settings)
    # Faust suspends the flow before a rebalance or a stop, and then waits for what is in hand.
    delivery = Delivery(channel, given_up=lambda: not app.flow_control.is_active())
    runtime.alerts_wait_for = lambda: delivery.waiting_for

    @app.agent(topics.anomalies, name="alerting")
    async def alerting(stream: StreamT[Any]) -> None:
        """Alert people on anomalies, in Slack or in the log."""
        async for event in app.events(stream):
            for run in cast("list[Run]", event.value):
                if not await alert_run(event, run):
                    # Faust would not stop before it is done; it is read again, here or elsewhere.
                    break
            app.finish(event)
        await channel.close()

    async def alert_run(event: EventT[Any], run: Run) -> bool:
        """Alert on each anomaly of a run, and confirm it; false where the worker let go of it."""
        for record in run.records:
            try:
                outcome = await alert(record.value, delivery)
            except Exception as fault:  # noqa: BLE001  # nothing may pass for done that is not
                exit_without_commit(f"alert on {record!r}", fault)
            if outcome is None:
                return False
            runtime.counters.alerts[outcome] += 1
            app.confirm(event, record)
        app.confirm(event, run)
        return True


async def alert(value: bytes | None, delivery: Delivery) -> Outcome | None:
    """Alert on one message of the anomalies topic; None where the worker let go of it."""
    try:
        message = AlertMessage(read_anomaly(value or b""))
    except Exception as fault:  # noqa: BLE001  # anybody may have written anything to the topic
        logger.error("no alert, this is not an anomaly (%r): %.200r", fault, value)  # noqa: TRY400
        return Outcome.UNREADABLE
    return await delivery.deliver(message)


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
