"""Memories do not depend on batches and workers, and restores end soon, whoever comes and goes."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.registry.artifacts import load_model, save_model
from tests.support.commands import faust
from tests.support.kafka import Kafka
from tests.support.memories import fitted_with_memory
from tests.support.payments import ordinary, payments, produce_steadily
from tests.support.published import from_images, to_replay
from tests.support.skew import Replay, consistency
from tests.support.supervisor import supervised
from tests.support.waiting import elapse, eventually

pytestmark = pytest.mark.broker

EVENTS = 10_000
ENTITIES = 20_000

INTERVAL = 2.0
"""Seconds between two images of a block."""

BUSY = int(os.environ.get("MEMORY_BUSY", "60000"))
"""Events of few entities, while all the others are idle; a million at full size."""

BUSY_RATE = 5_000
"""Of these events, a second."""

IDLE = 20_000
"""Entities that had one event each."""

REMEMBERED = 100_000
"""Events that have to be replayed."""

JOINS = 4
"""Workers that join, one after the other."""


@pytest.fixture
def pipeline(kafka: Kafka, tmp_path: Path) -> Pipeline:
    """Give workers a model with a memory that is too small for all cards."""
    made = fitted_with_memory(alert_rate=1e-4, capacity=2**9)
    kafka.model = save_model(tmp_path / "models", made.manifest, made.pickle)
    kafka.app = "tests.support.traced_app"
    kafka.settings |= {"ANOMALY_MEMORY_INTERVAL": str(INTERVAL)}
    return Pipeline(load_model(kafka.model), max_record_bytes=1_048_576, max_reasons=5)


def traced(kafka: Kafka, folder: Path) -> Path:
    """Let workers write down what they judge by in a folder."""
    folder.mkdir()
    kafka.settings["TRACE_FOLDER"] = str(folder)
    return folder


async def replayed(kafka: Kafka, pipeline: Pipeline) -> Replay:
    replay = Replay(pipeline)
    for partition in range(kafka.partitions):
        await replay.add(kafka.chunks(kafka.transactions, partition))
    return replay


async def judged_by_another_group(
    kafka: Kafka, number: int, *, workers: int, batch: int
) -> tuple[Kafka, Path]:
    """Let a group of its own judge the whole topic, and publish all of its memory."""
    settings = {**kafka.settings, "ANOMALY_BATCH_SIZE": str(batch)}
    name = f"{kafka.name}-{number}"
    other = replace(kafka, name=name, source=kafka.transactions, settings=settings)
    traces = traced(other, kafka.folder / f"traces-{number}")
    async with supervised(other, workers):
        await eventually(other.committed, lambda offsets: sum(offsets.values()) == EVENTS)
        await eventually(lambda: to_replay(other), lambda left: left == 0)
    return other, traces


async def test_batches_and_workers_make_no_difference_to_a_single_bit(
    kafka: Kafka, pipeline: Pipeline, measured: Callable[[str], None]
) -> None:
    kafka.partitions = 8
    assert pipeline.entity is not None
    await kafka.create_topics({kafka.transactions: kafka.partitions})
    await asyncio.to_thread(
        produce_steadily, kafka.servers, kafka.transactions, payments(EVENTS, ENTITIES)
    )
    replay = await replayed(kafka, pipeline)
    expected = {number: memory.digest() for number, memory in replay.memories.items()}
    for number, (workers, batch) in enumerate([(1, 1), (1, 4096), (8, 4096)]):
        group, traces = await judged_by_another_group(kafka, number, workers=workers, batch=batch)
        found = consistency(traces, "entity", replay.expected)
        measured(f"{workers} workers, batches of {batch}: {found}; {replay.counts}")
        assert found.is_perfect
        plan = pipeline.entity.plan
        images = {n: await from_images(group, n, plan) for n in range(kafka.partitions)}
        assert {n: memory.digest() for n, memory in images.items()} == expected


async def test_workers_that_join_while_memories_are_restored_do_not_keep_them_from_it(
    kafka: Kafka, pipeline: Pipeline, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    # Nothing is published, so all has to be replayed: half a second for each chunk.
    kafka.settings |= {"ANOMALY_MEMORY_INTERVAL": "3600", "SLOW_REPLAY": "0.5"}
    traces = traced(kafka, tmp_path / "traces")
    address, topic = kafka.servers, kafka.transactions
    async with supervised(kafka, 1) as supervisor:
        await asyncio.to_thread(produce_steadily, address, topic, payments(REMEMBERED, ENTITIES))
        await eventually(kafka.lag, lambda lag: lag == 0)
        await supervisor.remove(supervisor.workers[0], signal.SIGKILL)
    assert await to_replay(kafka) > 0.9 * REMEMBERED
    kafka.app = "tests.support.slow_app"
    await asyncio.to_thread(produce_steadily, address, topic, payments(EVENTS, ENTITIES, seed=1))
    began = time.monotonic()
    async with supervised(kafka, 0) as supervisor:
        for _ in range(JOINS):
            supervisor.start()
            await elapse(5.0)
        joined = time.monotonic()
        await eventually(kafka.lag, lambda lag: lag == 0)
        ended = time.monotonic()
    replay = await replayed(kafka, pipeline)
    found = consistency(traces, "entity", replay.expected)
    measured(
        f"restored and judged {ended - began:.1f} s after the first of {JOINS} workers began, "
        f"{ended - joined:.1f} s after the last; {found}"
    )
    assert found.is_perfect
    assert set(supervisor.exits) <= {0}


async def test_idle_entities_do_not_hold_up_the_offset_that_a_replay_begins_at(
    kafka: Kafka, pipeline: Pipeline, measured: Callable[[str], None]
) -> None:
    address, topic = kafka.servers, kafka.transactions
    async with kafka.worker() as worker:
        await asyncio.to_thread(produce_steadily, address, topic, ordinary(IDLE, IDLE))
        await eventually(kafka.committed, lambda offsets: sum(offsets.values()) == IDLE)
        busy = ordinary(BUSY, 8, first=IDLE)
        await asyncio.to_thread(produce_steadily, address, topic, busy, per_second=BUSY_RATE)
        left = await to_replay(kafka)
        worker.process.kill()
    measured(
        f"{left:,} offsets to replay after {BUSY:,} events of 8 entities and one each of {IDLE:,}; "
        f"{left / BUSY_RATE / INTERVAL:.1f} intervals"
    )
    assert left < 3 * INTERVAL * BUSY_RATE
    verified = faust(kafka, "memory", "verify")
    assert verified.code == 0, verified.out
