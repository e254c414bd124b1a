"""The scoring agent: a batch of records in, anomalies and dead letters out."""

import time
from collections.abc import Sequence
from typing import Any, cast

import faust
from faust.types import EventT, StreamT

from anomaly_app.agents.schemas import learn_schemas
from anomaly_app.agents.topics import Topics
from anomaly_app.agents.watching import notice_verdict
from anomaly_app.context import Runtime
from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.scoring.verdict import Verdict
from anomaly_app.core.times import seconds_of
from anomaly_app.kafka.consumer.batching import Run, records_of
from anomaly_app.kafka.consumer.transport import ConfirmingApp
from anomaly_app.kafka.sending import Outgoing, exit_without_commit, send_all
from anomaly_app.settings.app import Settings

LATENCIES_OF_A_BATCH = 256
"""Records of a batch at most whose latency is counted: it shows in the cost of all."""


def define_scoring(app: ConfirmingApp, topics: Topics, runtime: Runtime) -> None:
    """Define the agent that scores transactions."""

    @app.agent(topics.transactions, name="scoring")
    async def scoring(stream: StreamT[Any]) -> None:
        """Score transactions: anomalies and dead letters come of them."""
        try:
            async for event in app.events(stream):
                await score_event(event, app, runtime)
        except Exception as fault:  # noqa: BLE001  # Faust would start anew, past what is in hand
            exit_without_commit(f"the stream of {runtime.settings.transactions_topic}", fault)
        finally:
            if runtime.schemas is not None:
                await runtime.schemas.close()


async def score_event(event: EventT[Any], app: ConfirmingApp, runtime: Runtime) -> None:
    """Score the records of an event, and confirm them."""
    runs = cast("list[Run]", event.value)
    try:
        records = [*records_of(runs)]
        if not await _schemas_are_known(records, app, runtime):
            # Faust would not stop before it is done; it is read again, here or elsewhere.
            app.finish(event)
            return
        await score(records, app, runtime)
    except Exception as fault:  # noqa: BLE001  # nothing may pass for done that is not
        exit_without_commit(_where(runs), fault)
    for run in runs:
        app.confirm(event, run)
    app.finish(event)


async def _schemas_are_known(
    records: Sequence[KafkaRecord], app: ConfirmingApp, runtime: Runtime
) -> bool:
    if runtime.schemas is None:
        return True
    # Faust suspends the flow before a rebalance or a stop, and then waits for what is in hand.
    return await learn_schemas(
        (record.value for record in records),
        runtime.schemas,
        should_abandon=lambda: not app.flow_control.is_active(),
    )


async def score(records: Sequence[KafkaRecord], app: faust.App, runtime: Runtime) -> None:
    """Judge records; when this returns, all that came of them is in Kafka."""
    verdict = runtime.pipeline.judge(records, detected_at=time.time())
    if messages := _outgoing(verdict, runtime.settings):
        producer = await app.maybe_start_producer()
        await send_all(producer, messages, timeout=runtime.settings.send_timeout)
    _count(records, verdict, runtime, now=time.time())


def _outgoing(verdict: Verdict, settings: Settings) -> list[Outgoing]:
    anomalies = [Outgoing(settings.anomalies_topic, *message) for message in verdict.anomalies]
    letters = [Outgoing(settings.dead_letters_topic, *letter) for letter in verdict.dead_letters]
    return anomalies + letters


def _count(
    records: Sequence[KafkaRecord], verdict: Verdict, runtime: Runtime, *, now: float
) -> None:
    counters = runtime.counters
    counters.batches += 1
    counters.scored += verdict.scored
    counters.anomalies += len(verdict.findings)
    counters.dead_letters.update(str(rejected.error.rejection) for rejected in verdict.rejected)
    counters.absent.update({name: lacking.number for name, lacking in verdict.absent.items()})
    sample = records[:: len(records) // LATENCIES_OF_A_BATCH + 1]
    times = [seconds_of(record.timestamp or 0) for record in sample]
    counters.latency.add([now - seconds for seconds in times if seconds])
    notice_verdict(verdict, runtime)


def _where(runs: Sequence[Run]) -> str:
    places = ", ".join(
        f"{run.partition} offsets {run.records[0].offset} to {run.end - 1}"
        for run in runs
        if run.records
    )
    return f"{runs[0].topic} partition {places}"
