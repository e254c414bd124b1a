"""The alert agent: an anomaly in, a message to people out."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from faust.types import EventT, StreamT

from anomaly_app.agents.alert_stages import Done, deliver, notify, position, read, render
from anomaly_app.agents.topics import Topics
from anomaly_app.agents.watching import notice, to_letter
from anomaly_app.channels import Delivery, make_channel
from anomaly_app.context import Runtime
from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.monitoring.watch import Batch
from anomaly_app.core.scoring.dead_letter import write_dead_letter
from anomaly_app.kafka.consumer.batching import Record, Run
from anomaly_app.kafka.consumer.transport import ConfirmingApp
from anomaly_app.kafka.sending import Outgoing, exit_without_commit, send_all

ALERTS_AT_ONCE = 32
"""Anomalies in an event at most: to the log they are written without a pause."""


def define_alerting(app: ConfirmingApp, topics: Topics, runtime: Runtime) -> None:
    """Define the agent that alerts people."""
    settings = runtime.settings
    channel = make_channel(settings)
    # Faust suspends the flow before a rebalance or a stop, and then waits for what is in flight.
    delivery = Delivery(channel, should_abandon=lambda: not app.flow_control.is_active())
    runtime.alerts_wait_for = lambda: delivery.waiting_for

    async def reject(rejected: Rejected) -> None:
        rejected, letter = write_dead_letter(rejected)
        producer = await app.maybe_start_producer()
        outgoing = Outgoing(settings.dead_letters_topic, *letter)
        await send_all(producer, [outgoing], timeout=settings.send_timeout)
        notice(Batch(others=[to_letter(rejected)]), runtime)

    # The whole policy: what is to be grouped or silenced gets a stage before `render`.
    stages = (read(), render(channel), deliver(delivery))

    async def alert(record: Record) -> Done:
        return await notify(record, stages, reject)

    @app.agent(topics.anomalies, name="alerting")
    async def alerting(stream: StreamT[Any]) -> None:
        """Alert people on anomalies, in Slack or in the log."""
        try:
            async for event in app.events(stream):
                await alert_event(event, alert, app, runtime)
        except Exception as fault:  # noqa: BLE001  # Faust would start anew, past what is in flight
            exit_without_commit(f"the stream of {settings.anomalies_topic}", fault)
        finally:
            await channel.close()


async def alert_event(
    event: EventT[Any],
    alert: Callable[[Record], Awaitable[Done]],
    app: ConfirmingApp,
    runtime: Runtime,
) -> None:
    """Alert on the anomalies of an event, and confirm each of them."""
    for run in cast("list[Run]", event.value):
        for record in run.records:
            try:
                outcome = await alert(record)
            except Exception as fault:  # noqa: BLE001  # nothing may pass for done that is not
                exit_without_commit(f"alert on {position(record)}", fault)
            if outcome is None:
                # Faust would not stop before it is done; it is read again, here or elsewhere.
                app.finish(event)
                return
            runtime.counters.alerts[outcome] += 1
            app.confirm(event, record)
        app.confirm(event, run)
    app.finish(event)
