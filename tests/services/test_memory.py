"""What workers remember is what the log says, to the bit, whatever happens to them.

By default two minutes of it; at full size with ``make proof``.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.registry.artifacts import load_model, save_model
from harness.apache_kafka import ApacheKafka
from tests.support.commands import FAUST
from tests.support.kafka import Kafka, run_to_its_end
from tests.support.memories import fitted_with_memory
from tests.support.payments import payments, produce_steadily
from tests.support.skew import Replay, consistency, replayed_between, unseen
from tests.support.supervisor import supervised
from tests.support.trouble import Trouble
from tests.support.waiting import elapse, eventually

pytestmark = pytest.mark.broker

EVENTS = int(os.environ.get("MEMORY_EVENTS", "120000"))
KILLS = int(os.environ.get("MEMORY_KILLS", "4"))
WORKERS = int(os.environ.get("MEMORY_WORKERS", "2"))
PARTITIONS = int(os.environ.get("MEMORY_PARTITIONS", "4"))
RATE = int(os.environ.get("MEMORY_RATE", "2500"))
"""Events a second."""

INTERVAL = os.environ.get("MEMORY_INTERVAL", "5")

EAGER = {
    "cleanup.policy": "compact",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1000",
    "min.cleanable.dirty.ratio": "0.01",
    "segment.ms": "2000",
}
"""A topic that keeps superseded images for no longer than it has to: nobody may rely on them."""

CATCH_UP = 900.0
"""Seconds that workers may take for what is left when nothing is killed any more."""

VERIFICATION = 900.0
"""Seconds that the comparison of the memories may take."""


def entities_of(events: int) -> int:
    """Return so many cards that those of a partition do not fit into its memory."""
    return max(events // 40, 40_000)


def surroundings(kafka: Kafka, folder: Path, *, two_keys: bool, capacity: int) -> Pipeline:
    """Give workers a model with a memory, and let them write down what they judge by."""
    made = fitted_with_memory(two_keys=two_keys, capacity=capacity, alert_rate=1e-4)
    kafka.model = save_model(folder / "models", made.manifest, made.pickle)
    kafka.app = "tests.support.traced_app"
    traces = folder / "traces"
    traces.mkdir()
    kafka.settings |= {"TRACE_FOLDER": str(traces), "ANOMALY_MEMORY_INTERVAL": INTERVAL}
    return Pipeline(load_model(kafka.model), max_record_bytes=1_048_576, max_reasons=5)


async def suffer(trouble: Trouble, apache: ApacheKafka | None, events: int) -> None:
    """Spread the trouble over the time of the sending."""
    clock = asyncio.get_running_loop().time
    begin = clock()
    for turn in range(KILLS):
        await elapse(max(begin + (turn + 0.5) * events / RATE / KILLS - clock(), 0.0))
        await trouble.kill(turn)
        await trouble.come_and_go()
        if turn in {1, KILLS // 2}:
            await trouble.freeze()
        if turn == 2 and apache is not None:
            await trouble.kill_broker(apache)


async def replayed(kafka: Kafka, pipeline: Pipeline) -> Replay:
    replay = Replay(pipeline)
    for partition in range(kafka.partitions):
        await replay.add(kafka.chunks(kafka.transactions, partition))
    return replay


async def test_every_judgement_is_what_an_offline_replay_says(
    apache: ApacheKafka, kafka: Kafka, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    kafka.partitions = PARTITIONS
    await kafka.create_topics({f"{kafka.name}-memory": PARTITIONS}, **EAGER)
    entities = entities_of(EVENTS)
    # Less than the cards of a partition, so that some are forgotten for others.
    capacity = 2 ** ((entities // kafka.partitions).bit_length() - 1)
    pipeline = surroundings(kafka, tmp_path, two_keys=False, capacity=capacity)
    address, topic = kafka.servers, kafka.transactions
    async with supervised(kafka, WORKERS) as supervisor:
        sending = asyncio.create_task(
            asyncio.to_thread(
                produce_steadily, address, topic, payments(EVENTS, entities), per_second=RATE
            )
        )
        trouble = Trouble(supervisor, tmp_path)
        await suffer(trouble, apache, EVENTS)
        await sending
        await eventually(kafka.lag, lambda lag: lag == 0, patience=CATCH_UP)
    replay = await replayed(kafka, pipeline)
    found = consistency(tmp_path / "traces", "entity", replay.expected)
    measured(f"{found}; {replay.counts}; {trouble}; workers ended {dict(supervisor.exits)}")
    memories = f"{kafka.name}-memory"
    published = await kafka.messages(memories)
    compacted = published - len(await kafka.read_all(memories))
    measured(f"{compacted:,} of {published:,} published messages removed by compaction")
    verify = [FAUST, "-A", "anomaly_app.app", "memory", "verify"]
    code, said = run_to_its_end(verify, kafka.environment, timeout=VERIFICATION)
    measured(said.splitlines()[-1])
    assert replay.records == EVENTS
    assert compacted > 0
    assert found.is_perfect
    assert code == 0, said
    # None has ended of itself, whatever the broker did.
    assert set(supervisor.exits) <= {0, -signal.SIGKILL}
    assert trouble.kills >= KILLS
    assert trouble.rebalances >= 2.5 * KILLS
    assert (trouble.freezes, trouble.broker_kills) == (2, 1)


async def test_counterparts_are_judged_as_an_offline_replay_of_the_topic_between_says(
    kafka: Kafka,
    tmp_path: Path,
    measured: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = EVENTS // 4
    pipeline = surroundings(kafka, tmp_path, two_keys=True, capacity=2**12)
    assert pipeline.counterpart is not None
    traces = tmp_path / "traces"
    address, topic = kafka.servers, kafka.transactions
    async with supervised(kafka, 2) as supervisor:
        sending = asyncio.create_task(
            asyncio.to_thread(
                produce_steadily, address, topic, payments(events, 3_000, 1), per_second=RATE
            )
        )
        trouble = Trouble(supervisor, tmp_path)
        await suffer(trouble, None, events)
        await sending
        await eventually(kafka.lag, lambda lag: lag == 0, patience=CATCH_UP)
        expected = (await replayed(kafka, pipeline)).expected
        columns = len(pipeline.counterpart.plan.names)
        await eventually(
            lambda: unseen(traces, "counterpart", columns, expected),
            lambda left: left == 0,
            patience=CATCH_UP,
        )
    entities = consistency(traces, "entity", expected)
    messages = await kafka.read_all(f"{kafka.name}-counterparts")
    counterparts = consistency(
        traces, "counterpart", replayed_between(pipeline, messages, monkeypatch)
    )
    measured(f"entities: {entities}; counterparts: {counterparts}; {trouble}")
    assert entities.is_perfect
    assert counterparts.is_perfect
