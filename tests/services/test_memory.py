"""What workers remember is what the log says, to the bit, whatever happens to them.

By default a few minutes of it; at full size with ``MEMORY_EVENTS=10000000 MEMORY_KILLS=20``.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from aiokafka import AIOKafkaProducer

from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.registry.artifacts import load_model, save_model
from harness.apache_kafka import ApacheKafka
from tests.support.factories import NOON, transaction
from tests.support.kafka import Kafka
from tests.support.memories import fitted_with_memory
from tests.support.skew import consistency, judged_places, replayed, replayed_between
from tests.support.supervisor import Supervisor, supervised
from tests.support.traffic import BAD, TICK
from tests.support.waiting import elapse, eventually

pytestmark = pytest.mark.broker

EVENTS = int(os.environ.get("MEMORY_EVENTS", "120000"))
KILLS = int(os.environ.get("MEMORY_KILLS", "8"))
RATE = int(os.environ.get("MEMORY_RATE", "4000"))
"""Events a second."""

CATCH_UP = 300.0
"""Seconds that two workers may take for what is left when nothing is killed any more."""

ENTITIES, SHOPS = 3_000, 120


def payments(events: int, seed: int = 0) -> list[tuple[bytes, bytes | None]]:
    """Keys and values: out of order by some minutes, now and then hours late, now and then bad."""
    random = np.random.default_rng(seed)
    entities = random.zipf(1.3, events) % ENTITIES
    times = NOON + np.arange(events) * 2.0 - random.exponential(120.0, events)
    late = random.random(events) < 0.01
    times[late] -= random.uniform(0.0, 90_000.0, int(late.sum()))
    amounts = random.gamma(2.0, 15.0, events).round(2)
    bad = random.random(events) < 0.005
    return [
        (
            f"card-{entity}".encode(),
            BAD[place % len(BAD)]
            if is_bad
            else transaction(amount, f"shop-{place * 7919 % SHOPS}", time=round(time, 3)),
        )
        for place, (entity, time, amount, is_bad) in enumerate(
            zip(entities, times.tolist(), amounts.tolist(), bad, strict=True)
        )
    ]


def surroundings(kafka: Kafka, folder: Path, *, two_keys: bool) -> Pipeline:
    """Give workers a model with a memory, and let them write down what they judge by."""
    made = fitted_with_memory(two_keys=two_keys)
    kafka.model = save_model(folder / "models", made.manifest, made.pickle)
    kafka.app = "tests.support.traced_app"
    traces = folder / "traces"
    traces.mkdir()
    kafka.settings |= {"TRACE_FOLDER": str(traces), "ANOMALY_MEMORY_INTERVAL": "5"}
    return Pipeline(load_model(kafka.model), max_record_bytes=1_048_576, max_reasons=5)


async def send(kafka: Kafka, events: list[tuple[bytes, bytes | None]]) -> None:
    """Produce at a steady rate, whatever happens to the broker."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.servers, enable_idempotence=True, request_timeout_ms=90_000
    )
    await producer.start()
    clock = asyncio.get_running_loop().time
    begin, sent = clock(), 0
    waiting: set[asyncio.Future[object]] = set()
    try:
        while sent < len(events):
            due = min(int((clock() - begin) * RATE), len(events))
            for key, value in events[sent:due]:
                future = await producer.send(kafka.transactions, value, key=key)
                waiting.add(future)
                future.add_done_callback(waiting.discard)
            sent = due
            await elapse(TICK)
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()


async def trouble(supervisor: Supervisor, apache: ApacheKafka | None) -> None:
    """Kill, freeze, add and remove workers, and kill the broker once."""
    for turn in range(KILLS):
        await elapse(3.0 + turn % 3)
        supervisor.end(turn % len(supervisor.workers), signal.SIGKILL)
        if turn == 2:
            await freeze(supervisor)
        if turn == 3 and apache is not None:
            apache.kill()
            await elapse(3.0)
            await apache.restart()
        if turn % 2:
            added = await supervisor.add()
            await elapse(2.0)
            await supervisor.remove(added)


async def freeze(supervisor: Supervisor) -> None:
    """Stop a worker for longer than the group waits for it, and let it go on."""
    [frozen, *_] = supervisor.workers
    frozen.process.send_signal(signal.SIGSTOP)
    await elapse(12.0)
    frozen.process.send_signal(signal.SIGCONT)


async def test_every_judgement_is_what_an_offline_replay_says(
    apache: ApacheKafka, kafka: Kafka, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    pipeline = surroundings(kafka, tmp_path, two_keys=False)
    async with supervised(kafka, 2) as supervisor:
        sending = asyncio.create_task(send(kafka, payments(EVENTS)))
        await trouble(supervisor, apache)
        await sending
        await eventually(kafka.lag, lambda lag: lag == 0, patience=CATCH_UP)
    expected, _ = replayed(pipeline, await kafka.read_all(kafka.transactions))
    found = consistency(tmp_path / "traces", "entity", expected)
    measured(f"{found}; workers ended {dict(supervisor.exits)}")
    assert found.records > 0.9 * EVENTS
    assert (found.mismatches, found.missing, found.extra) == (0, 0, 0)


async def test_counterparts_are_judged_as_an_offline_replay_of_the_topic_between_says(
    kafka: Kafka,
    tmp_path: Path,
    measured: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipeline = surroundings(kafka, tmp_path, two_keys=True)
    assert pipeline.counterpart is not None
    between = f"{kafka.name}-counterparts"
    async with supervised(kafka, 2) as supervisor:
        sending = asyncio.create_task(send(kafka, payments(EVENTS // 4, seed=1)))
        await trouble(supervisor, None)
        await sending
        await eventually(kafka.lag, lambda lag: lag == 0, patience=CATCH_UP)
        expected, _ = replayed(pipeline, await kafka.read_all(kafka.transactions))
        traces = tmp_path / "traces"
        columns = len(pipeline.counterpart.plan.names)
        await eventually(
            lambda: len(expected.keys() - judged_places(traces, "counterpart", columns)),
            lambda left: left == 0,
            patience=CATCH_UP,
        )
    entities = consistency(traces, "entity", expected)
    messages = await kafka.read_all(between)
    of_counterparts, _ = replayed_between(pipeline, messages, monkeypatch)
    counterparts = consistency(traces, "counterpart", of_counterparts)
    measured(f"entities: {entities}; counterparts: {counterparts}")
    assert (entities.mismatches, entities.missing, entities.extra) == (0, 0, 0)
    assert (counterparts.mismatches, counterparts.missing, counterparts.extra) == (0, 0, 0)
