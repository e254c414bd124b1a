"""The agents that take in anomalies, and what people say: each becomes an entry of the log."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import faust
from faust.types import StreamT

from anomaly_app.agents.topics import Topics
from anomaly_app.agents.watching import notice, to_letter
from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.intake import read_sighting
from anomaly_app.core.alerts.log import Entry, write_entry
from anomaly_app.core.alerts.sighting import Origin
from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.feedback.action import Action
from anomaly_app.core.feedback.messages import read_feedback
from anomaly_app.core.learning.label import Label
from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.core.monitoring.watch import Batch
from anomaly_app.core.scoring.dead_letter import write_dead_letter
from anomaly_app.core.times import seconds_of
from anomaly_app.errors import AnomalyUnreadable, FeedbackUnreadable, RecordRejected
from anomaly_app.kafka.consumer import ConfirmingApp, PendingBatch, Record
from anomaly_app.kafka.exit import exit_without_commit
from anomaly_app.kafka.sending import Outgoing, send_all
from anomaly_app.registry.versions import counterpart_field

logger = logging.getLogger(__name__)

BETWEEN_LINES = 60.0
"""Seconds between two log lines about messages that cannot be read."""

TAKEN, UNREADABLE, DEAD_LETTER = "taken", "unreadable", "dead_letter"
OTHERS, LABEL = "of_others", "label"
"""What becomes of a message; the labels of the counters."""


class TakenIn(NamedTuple):
    """What comes of a batch of messages."""

    entries: list[Entry]
    rejected: list[Rejected]


TakeIn: TypeAlias = Callable[[Sequence[Record]], TakenIn]


def define_alerting(app: ConfirmingApp, topics: Topics, context: WorkerContext) -> None:
    """Define the agents that take in anomalies and what people say."""
    take_in_anomalies, take_in_feedback = anomalies_of(context), feedback_of(context)

    @app.agent(topics.anomalies, name="alerting")
    async def alerting(stream: StreamT[Any]) -> None:
        """Write anomalies to the log of alerts."""
        await work(stream, app, context, take_in_anomalies)

    @app.agent(topics.feedback, name="feedback")
    async def feedback(stream: StreamT[Any]) -> None:
        """Write what people say to the log of alerts."""
        await work(stream, app, context, take_in_feedback)


async def work(
    stream: StreamT[Any], app: ConfirmingApp, context: WorkerContext, take_in: TakeIn
) -> None:
    """Take in the batches of a stream, and confirm them."""
    try:
        async for batch in app.batches(stream):
            await take_in_batch(batch, app, context, take_in)
    except Exception as fault:  # noqa: BLE001  # Faust would restart it past what is in flight
        exit_without_commit("the stream of an agent of alerts", fault)


async def take_in_batch(
    batch: PendingBatch, app: faust.App, context: WorkerContext, take_in: TakeIn
) -> None:
    """Write the messages of a batch to the log, and confirm them when the broker has them."""
    records = [*batch.records]
    try:
        taken = take_in(records)
        await _send(taken, app, context)
    except Exception as fault:  # noqa: BLE001  # only finished work may be committed
        first, last = position(records[0]), records[-1].offset
        exit_without_commit(f"{first} and others up to offset {last}", fault)
    for found in batch.partitions:
        batch.confirm(found)
    batch.finish()


async def _send(taken: TakenIn, app: faust.App, context: WorkerContext) -> None:
    settings = context.settings
    letters = [write_dead_letter(rejected) for rejected in taken.rejected]
    messages = [
        Outgoing(settings.alerts_topic_name, None, write_entry(entry), {}, 0)
        for entry in taken.entries
    ]
    messages += [Outgoing(settings.dead_letters_topic, *letter) for _, letter in letters]
    if messages:
        producer = await app.maybe_start_producer()
        await send_all(producer, messages, timeout=settings.send_timeout)
    if letters:
        notice(Batch(others=[to_letter(rejected) for rejected, _ in letters]), context)


def anomalies_of(context: WorkerContext) -> TakeIn:
    """Read anomalies; messages that are none are logged, once a minute."""
    throttle, counts = Throttle(BETWEEN_LINES), context.counters.alerts
    counterpart = counterpart_field(context.settings.model)

    def take_in(records: Sequence[Record]) -> TakenIn:
        taken = TakenIn([], [])
        for record in records:
            timestamp = seconds_of(record.timestamp or 0) or 0.0
            origin = Origin(record.topic, record.partition, record.offset, timestamp)
            try:
                sighting = read_sighting(record.value, origin, counterpart)
                taken.entries.append(sighting)
            except AnomalyUnreadable as fault:
                counts[UNREADABLE] += 1
                _report(throttle, record, "an anomaly", fault)
            except RecordRejected as error:
                counts[DEAD_LETTER] += 1
                taken.rejected.append(Rejected(record, error))
            else:
                counts[TAKEN] += 1
        return taken

    return take_in


def feedback_of(context: WorkerContext) -> TakeIn:
    """Read what people say; messages that are nothing of that kind are logged, once a minute."""
    throttle, counts = Throttle(BETWEEN_LINES), context.counters.feedback

    def take_in(records: Sequence[Record]) -> TakenIn:
        taken = TakenIn([], [])
        for record in records:
            try:
                said = read_feedback(record.value, context.settings.group)
            except FeedbackUnreadable as fault:
                counts[UNREADABLE] += 1
                _report(throttle, record, "what people say", fault)
                continue
            if said is None:
                counts[OTHERS] += 1
            elif isinstance(said, Label | Action):
                counts[LABEL] += 1
            else:
                counts[TAKEN] += 1
                taken.entries.append(said)
        return taken

    return take_in


def _report(throttle: Throttle, record: Record, what: str, fault: Exception) -> None:
    if count := throttle.count(time.monotonic()):
        logger.error(
            "%s is not %s (%s): %.200r; %d such %s since the last line",
            position(record),
            what,
            fault,
            record.value,
            count,
            "message" if count == 1 else "messages",
        )


def position(record: Record) -> str:
    """Describe where a message is in Kafka."""
    return f"{record.topic} partition {record.partition} offset {record.offset}"
