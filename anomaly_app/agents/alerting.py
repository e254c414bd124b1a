"""The alerting agent: an anomaly in, an alert to people out."""

from collections.abc import Awaitable, Callable
from typing import Any

from faust.types import StreamT

from anomaly_app.agents.alert_stages import Done, deliver, notify, position, read, render
from anomaly_app.agents.topics import Topics
from anomaly_app.agents.watching import notice, to_letter
from anomaly_app.channels import Delivery, make_channel
from anomaly_app.context import WorkerContext
from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.monitoring.watch import Batch
from anomaly_app.core.scoring.dead_letter import write_dead_letter
from anomaly_app.kafka.consumer import ConfirmingApp, PendingBatch, Record
from anomaly_app.kafka.exit import exit_without_commit
from anomaly_app.kafka.sending import Outgoing, send_all


def define_alerting(app: ConfirmingApp, topics: Topics, context: WorkerContext) -> None:
    """Define the agent that alerts people."""
    settings = context.settings
    channel = make_channel(settings)
    # Faust suspends the flow before a rebalance or a stop, and then waits for the batch in flight.
    delivery = Delivery(channel, should_abandon=lambda: not app.flow_control.is_active())
    context.alerts_wait_for = lambda: delivery.waiting_for

    async def reject(rejected: Rejected) -> None:
        rejected, letter = write_dead_letter(rejected)
        producer = await app.maybe_start_producer()
        outgoing = Outgoing(settings.dead_letters_topic, *letter)
        await send_all(producer, [outgoing], timeout=settings.send_timeout)
        notice(Batch(others=[to_letter(rejected)]), context)

    # The whole policy: grouping or silencing would be another stage before `render`.
    stages = (read(), render(channel), deliver(delivery))

    async def alert(record: Record) -> Done:
        return await notify(record, stages, reject)

    @app.agent(topics.anomalies, name="alerting")
    async def alerting(stream: StreamT[Any]) -> None:
        """Alert people on anomalies, in Slack or in the log."""
        try:
            async for batch in app.batches(stream):
                await alert_batch(batch, alert, context)
        except Exception as fault:  # noqa: BLE001  # Faust would restart it past what is in flight
            exit_without_commit(f"the stream of {settings.anomalies_topic}", fault)
        finally:
            await channel.close()


async def alert_batch(
    batch: PendingBatch, alert: Callable[[Record], Awaitable[Done]], context: WorkerContext
) -> None:
    """Alert on the anomalies of a batch, and confirm each of them."""
    for found in batch.partitions:
        for record in found.records:
            try:
                outcome = await alert(record)
            except Exception as fault:  # noqa: BLE001  # only finished work may be committed
                exit_without_commit(f"alert on {position(record)}", fault)
            if outcome is None:
                # Faust would wait for the batch to finish; it is read again, here or elsewhere.
                batch.finish()
                return
            context.counters.alerts[outcome] += 1
            batch.confirm(record)
        batch.confirm(found)
    batch.finish()
