"""The scoring agent: a batch of records in, anomalies and dead letters out."""

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import faust
from faust.types import StreamT

from anomaly_app.agents.schemas import learn_schemas
from anomaly_app.agents.topics import Topics
from anomaly_app.agents.watching import notice_verdict
from anomaly_app.context import WorkerContext
from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.scoring.verdict import Verdict
from anomaly_app.core.times import seconds_of
from anomaly_app.kafka.consumer import ConfirmingApp, PartitionRecords, PendingBatch
from anomaly_app.kafka.exit import exit_without_commit
from anomaly_app.kafka.sending import Outgoing, send_all
from anomaly_app.observability import Counters

if TYPE_CHECKING:
    # It imports numba, which takes more than a second.
    from anomaly_app.core.scoring.remembering import MemoryOf

Judging: TypeAlias = Callable[[Sequence[KafkaRecord]], Awaitable[None]]
"""Judges records; when it returns, the results are in Kafka."""

LATENCIES_OF_A_BATCH = 256
"""Largest number of records in a batch whose latency is counted: counting all would cost time."""


def define_scoring(app: ConfirmingApp, topics: Topics, context: WorkerContext) -> None:
    """Define the agent that scores transactions, and the one that judges those carried on."""
    transactions = partial(score, app=app, context=context)

    @app.agent(topics.transactions, name="scoring")
    async def scoring(stream: StreamT[Any]) -> None:
        """Score transactions, and send anomalies and dead letters."""
        await work(stream, app, context, transactions)

    if topics.counterparts is None:
        return
    carried_on = partial(score_carried_on, app=app, context=context)

    @app.agent(topics.counterparts, name="counterparts")
    async def counterparts(stream: StreamT[Any]) -> None:
        """Score transactions that were carried on to the partition of their counterpart."""
        await work(stream, app, context, carried_on)


async def work(
    stream: StreamT[Any], app: ConfirmingApp, context: WorkerContext, judge: Judging
) -> None:
    """Judge the batches of a stream, and confirm them."""
    try:
        async for batch in app.batches(stream):
            await judge_batch(batch, app, context, judge)
    except Exception as fault:  # noqa: BLE001  # Faust would restart it past what is in flight
        exit_without_commit("the stream of an agent", fault)
    finally:
        if context.schemas is not None:
            await context.schemas.close()


async def judge_batch(
    batch: PendingBatch, app: ConfirmingApp, context: WorkerContext, judge: Judging
) -> None:
    """Judge the records of a batch, and confirm them."""
    try:
        records = [*batch.records]
        if not await _schemas_are_known(records, app, context):
            # Faust would wait for the batch to finish; it is read again, here or elsewhere.
            batch.finish()
            return
        await judge(records)
    except Exception as fault:  # noqa: BLE001  # only finished work may be committed
        exit_without_commit(_where(batch.partitions), fault)
    for found in batch.partitions:
        batch.confirm(found)
    batch.finish()


async def _schemas_are_known(
    records: Sequence[KafkaRecord], app: faust.App, context: WorkerContext
) -> bool:
    if context.schemas is None:
        return True
    # Faust suspends the flow before a rebalance or a stop, and then waits for the batch in flight.
    return await learn_schemas(
        (record.value for record in records),
        context.schemas,
        should_abandon=lambda: not app.flow_control.is_active(),
    )


async def score(records: Sequence[KafkaRecord], app: faust.App, context: WorkerContext) -> None:
    """Judge records; when this returns, their anomalies and dead letters are in Kafka.

    If their counterparts are remembered as well, they are carried on, and judged there.
    """
    # Read once: the model may be replaced while the messages are being sent.
    pipeline, now = context.pipeline, time.time()
    memory_of = cast("MemoryOf", context.memories.memory_of) if pipeline.entity else None
    forwarded: list[Outgoing] = []
    if context.first_stage is None or memory_of is None:
        verdict = pipeline.judge(records, detected_at=now, memory_of=memory_of)
    else:
        topic = context.settings.counterparts_topic_name
        verdict, messages = context.first_stage.forward(
            records, now, memory_of, partitions=context.partitions[topic]
        )
        forwarded = [Outgoing(topic, None, value, {}, number) for number, value in messages]
    await _send(verdict, forwarded, app, context)
    _count(records, verdict, context.counters, now=time.time())
    notice_verdict(verdict, pipeline, context)
    context.traffic.offer(records)


async def score_carried_on(
    messages: Sequence[KafkaRecord], app: faust.App, context: WorkerContext
) -> None:
    """Judge the records in messages of the first stage; see `score`."""
    assert context.second_stage is not None  # noqa: S101  # the agent is defined only then
    memory_of = cast("MemoryOf", context.memories.memory_of)
    verdict = context.second_stage.judge(messages, time.time(), memory_of)
    await _send(verdict, [], app, context)
    _count(messages, verdict, context.counters, now=time.time())
    notice_verdict(verdict, context.pipeline, context)


async def _send(
    verdict: Verdict, others: Sequence[Outgoing], app: faust.App, context: WorkerContext
) -> None:
    settings = context.settings
    anomalies = [Outgoing(settings.anomalies_topic, *message) for message in verdict.anomalies]
    letters = [Outgoing(settings.dead_letters_topic, *letter) for letter in verdict.dead_letters]
    if messages := [*anomalies, *letters, *others]:
        producer = await app.maybe_start_producer()
        await send_all(producer, messages, timeout=settings.send_timeout)


def _count(
    records: Sequence[KafkaRecord], verdict: Verdict, counters: Counters, *, now: float
) -> None:
    counters.batches += 1
    counters.scored += verdict.scored
    counters.anomalies += len(verdict.findings)
    counters.dead_letters.update(str(rejected.error.rejection) for rejected in verdict.rejected)
    counters.absent.update({name: lacking.number for name, lacking in verdict.absent.items()})
    sample = records[:: len(records) // LATENCIES_OF_A_BATCH + 1]
    times = [seconds_of(record.timestamp or 0) for record in sample]
    counters.latency.add([now - seconds for seconds in times if seconds])


def _where(partitions: Sequence[PartitionRecords]) -> str:
    ranges = ", ".join(
        f"{found.partition} offsets {found.records[0].offset} to {found.end - 1}"
        for found in partitions
        if found.records
    )
    return f"{partitions[0].topic} partition {ranges}"
