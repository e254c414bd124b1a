"""The scoring agent: a run of records in, anomalies and dead letters out."""

import asyncio
import time
from collections.abc import Sequence
from itertools import chain
from typing import Any, cast

import msgspec
from faust.types import EventT, StreamT

from anomaly_app.core.decode import KafkaRecord, Rejected
from anomaly_app.core.model import Manifest
from anomaly_app.core.pipeline import Finding, Pipeline, Verdict
from anomaly_app.core.times import iso_time
from anomaly_app.records import Anomaly, DeadLetter, ModelReference, Reason
from anomaly_app.runtime import Runtime
from anomaly_app.stream.inbox import Inbox
from anomaly_app.stream.sending import Outgoing, exit_without_commit, send_all
from anomaly_app.stream.topics import Topics
from anomaly_app.stream.transport import ConfirmingApp

MOST_NESTING = 50
"""Levels of a transaction that travel with an anomaly as JSON: writing it recurses."""


def define_scoring(app: ConfirmingApp, topics: Topics, runtime: Runtime) -> None:
    """Define the agent that scores transactions."""

    @app.agent(topics.transactions, name="scoring")
    async def scoring(stream: StreamT[Any]) -> None:
        inbox: Inbox[EventT[Any]] = Inbox(runtime.settings.batch_size)
        scorer = asyncio.create_task(score_inbox(inbox, app, topics, runtime))
        try:
            async for event in app.events(stream):
                await inbox.put(event)
        except Exception as fault:  # noqa: BLE001  # Faust would start anew, past what is in hand
            exit_without_commit(f"the stream of {runtime.settings.transactions_topic}", fault)
        finally:
            scorer.cancel()

    @app.on_partitions_revoked.connect
    async def forget(*sender_and_revoked: Any, **_: Any) -> None:
        for tp in sender_and_revoked[-1]:
            if tp.topic == runtime.settings.transactions_topic:
                runtime.counters.offsets.pop(tp.partition, None)


async def score_inbox(
    inbox: Inbox[EventT[Any]], app: ConfirmingApp, topics: Topics, runtime: Runtime
) -> None:
    """Score whatever waits, then confirm it, until cancelled."""
    while True:
        runs = await inbox.take()
        records: list[KafkaRecord] = [*chain.from_iterable(cast("Any", run.value) for run in runs)]
        try:
            await score(records, topics, runtime)
        except Exception as fault:  # noqa: BLE001  # nothing may pass for done that is not
            exit_without_commit(_where(records), fault)
        for run in runs:
            app.confirm(run)


async def score(records: Sequence[KafkaRecord], topics: Topics, runtime: Runtime) -> None:
    """Judge records; when this returns, all that came of them is in Kafka."""
    pipeline = runtime.pipeline
    verdict = pipeline.judge(records)
    await send_all(
        _outgoing(verdict, pipeline, topics, detected_at=time.time()),
        timeout=runtime.settings.send_timeout,
    )
    _count(records, verdict, runtime, now=time.time())


def _outgoing(
    verdict: Verdict, pipeline: Pipeline, topics: Topics, *, detected_at: float
) -> list[Outgoing]:
    manifest = pipeline.model.manifest
    anomalies = [
        Outgoing(
            topics.anomalies,
            finding.record.key,
            to_anomaly(finding, manifest, detected_at).dumps(),
            {},
        )
        for finding in verdict.findings
    ]
    dead_letters = [
        # aiokafka refuses a message that has neither key nor value.
        Outgoing(
            topics.dead_letters,
            letter.key,
            (letter.value or b"") if letter.key is None else letter.value,
            letter.headers,
        )
        for letter in map(to_dead_letter, verdict.rejected)
    ]
    return anomalies + dead_letters


def to_anomaly(finding: Finding, manifest: Manifest, detected_at: float) -> Anomaly:
    """Write a finding as the record that travels.

    Parameters
    ----------
    finding
        What the core found.
    manifest
        Of the model that judged.
    detected_at
        Seconds since the epoch.
    """
    record, transaction = finding.record, finding.transaction
    return Anomaly(
        id=f"{record.topic}-{record.partition}-{record.offset}",
        entity=_entity(transaction.entity, record.key),
        time=iso_time(transaction.time),
        detected_at=iso_time(detected_at),
        score=finding.score,
        p_value=finding.p_value,
        severity=str(finding.severity),
        threshold=manifest.threshold,
        reasons=[Reason(**reason._asdict()) for reason in finding.reasons],
        model=ModelReference(name=manifest.name, version=manifest.version, sha256=manifest.sha256),
        transaction=_original(record.value),
    )


def _entity(named: str | int | None, key: bytes | None) -> str | None:
    entity = str(named) if named is not None else (key or b"").decode(errors="replace")
    return entity or None


def _original(value: bytes | None) -> dict[str, object]:
    # A field that the model does not use may hold what cannot be written again, such as 1e999.
    try:
        original: dict[str, object] = msgspec.json.decode(value or b"{}")
    except (ValueError, RecursionError):
        original = {}
    if not original or _nested_deeper(original, MOST_NESTING):
        return {"unreadable": (value or b"").decode(errors="replace")}
    return original


def _nested_deeper(value: object, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        inner: list[object] = []
        for item in layer:
            inner += (
                item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            )
        layer = inner
    return bool(layer)


def to_dead_letter(rejected: Rejected) -> DeadLetter:
    """Write a rejected record as the dead letter that travels."""
    record = rejected.record
    return DeadLetter(
        error=str(rejected.error),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
    )


def _count(
    records: Sequence[KafkaRecord], verdict: Verdict, runtime: Runtime, *, now: float
) -> None:
    counters = runtime.counters
    counters.batches += 1
    counters.scored += verdict.scored
    counters.anomalies += len(verdict.findings)
    counters.dead_letters.update(str(rejected.error.rejection) for rejected in verdict.rejected)
    for record in records:
        counters.offsets[record.partition] = record.offset + 1
    counters.latency.add([now - r.timestamp / 1000.0 for r in records if r.timestamp])


def _where(records: Sequence[KafkaRecord]) -> str:
    firsts: dict[int, int] = {}
    lasts: dict[int, int] = {}
    for record in records:
        firsts.setdefault(record.partition, record.offset)
        lasts[record.partition] = record.offset
    places = ", ".join(f"{p} offsets {firsts[p]} to {lasts[p]}" for p in firsts)
    return f"{records[0].topic} partition {places}" if records else "an empty run"
