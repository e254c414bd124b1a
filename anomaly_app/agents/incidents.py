"""The agent that applies the log of alerts, and the task that delivers what comes of it."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from faust.types import StreamT

from anomaly_app.agents.topics import Topics
from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.effects import Effect
from anomaly_app.core.alerts.log import Entry, write_entry
from anomaly_app.core.alerts.telling import Decision
from anomaly_app.incidents.owner import Owner
from anomaly_app.incidents.publishing import Publishing
from anomaly_app.incidents.saying import keeper
from anomaly_app.incidents.slack_presses import SlackPresses
from anomaly_app.incidents.state_memory import StateMemory
from anomaly_app.incidents.term import Hold
from anomaly_app.kafka.consumer import ConfirmingApp, PendingBatch
from anomaly_app.kafka.exit import exit_without_commit
from anomaly_app.kafka.sending import Outgoing, send_all

TURN = 16
"""Entries that are applied before the event loop has its turn: some milliseconds."""

LEASE = 0.5
"""Of the time after which the group gives a silent worker's partitions away."""


def define_incidents(app: ConfirmingApp, topics: Topics, context: WorkerContext) -> None:
    """Define the agent that applies the log, and the task that delivers."""
    settings, publishing = context.settings, Publishing()
    if settings.slack_token is not None:
        context.slack = SlackPresses(settings, keeper(app.maybe_start_producer, settings))
    where = f"the log of alerts, {settings.alerts_topic_name}"

    @app.agent(topics.alerts, name="incidents")
    async def incidents(stream: StreamT[Any]) -> None:
        """Turn anomalies and what people say into incidents, and decide who is told."""
        try:
            async for batch in app.batches(stream):
                await apply_batch(batch, app, context, publishing)
        except Exception as fault:  # noqa: BLE001  # Faust would restart it past what is in flight
            exit_without_commit(where, fault)

    async def owning() -> None:
        listening = [] if context.slack is None else [context.slack.listen]
        context.owner = Owner(hold_of(app, context), context.receivers, listening)
        try:
            await context.owner.run(lambda: app.should_stop)
        except Exception as fault:  # noqa: BLE001  # nobody would be told of anything any more
            exit_without_commit(where, fault)

    app.task(owning)

    @app.on_before_shutdown.connect
    async def stop_delivering(*_: Any, **__: Any) -> None:
        if context.owner is not None:
            await context.owner.close()
        if context.slack is not None:
            await context.slack.close()


async def apply_batch(
    batch: PendingBatch, app: ConfirmingApp, context: WorkerContext, publishing: Publishing
) -> None:
    """Apply entries, publish what has become of incidents, and confirm."""
    memory = memory_of(context)
    assert memory is not None  # noqa: S101  # nothing is passed on before it is restored
    effects: list[Effect] = []
    for place, record in enumerate(batch.records):
        if place % TURN == TURN - 1:
            # Scoring has its turn in between.
            await asyncio.sleep(0)
        effects += memory.apply(record)
    for effect in effects:
        if isinstance(effect, Decision):
            context.counters.decisions[effect.stage or "passed"] += 1
    messages = publishing.messages(memory.state, effects, app.consumer_generation_id)
    if messages:
        topic, producer = context.settings.incidents_topic_name, await app.maybe_start_producer()
        outgoing = [Outgoing(topic, *message, {}, 0) for message in messages]
        await send_all(producer, outgoing, timeout=context.settings.send_timeout)
    for found in batch.partitions:
        batch.confirm(found)
    batch.finish()
    term = None if context.owner is None else context.owner.term
    if term is not None:
        if term.is_asked:
            term.is_asked = False
            await app.consumer.commit()
        term.change()


def memory_of(context: WorkerContext) -> StateMemory | None:
    """Return the state of the alerts, if this worker has it."""
    live = context.memories.live(context.settings.alerts_topic_name)
    return cast("StateMemory | None", live.get(0))


def hold_of(app: ConfirmingApp, context: WorkerContext) -> Hold:
    """Return what the app's consumer says about the log."""
    settings = context.settings
    return Hold(
        memory=partial(memory_of, context),
        generation=lambda: app.consumer_generation_id,
        last_commit=lambda: cast("Any", app.consumer).last_commit,
        lease=LEASE * min(settings.session_timeout, settings.rebalance_timeout),
        append=partial(append, app, context),
        clock=time.monotonic,
        now=time.time,
    )


async def append(app: ConfirmingApp, context: WorkerContext, entries: Sequence[Entry]) -> int:
    """Write entries to the log; return the offset of the last when the broker has them all."""
    settings, producer = context.settings, await app.maybe_start_producer()
    messages = [
        Outgoing(settings.alerts_topic_name, None, write_entry(entry), {}, 0) for entry in entries
    ]
    places = await send_all(producer, messages, timeout=settings.send_timeout)
    return int(places[-1].offset)
