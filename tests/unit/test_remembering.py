"""Judging with the memory of entities, and of counterparts."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from anomaly_app.core.calibration import score_of
from anomaly_app.core.memory.spec import read_spec
from anomaly_app.core.scoring.first_stage import FirstStage
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.second_stage import SecondStage
from anomaly_app.errors import DataError, ForeignEvents
from tests.support.factories import NOON, record
from tests.support.memories import (
    Memories,
    model_with_memory,
    payments,
    pipeline_with_memory,
    spec,
)
from training.encoding import encode_history
from training.evaluation.evaluate import evaluate
from training.history import History
from training.memory.remember import remember

CERTAINLY = 1.0
"""An alert rate at which every record is an anomaly."""


def records_of(history: History) -> list[Any]:
    """Write each row as a record of the partition of its entity."""
    assert history.entities is not None
    assert history.times is not None
    offsets = [0, 0, 0]
    records = []
    rows = history.frame.select("amount", "shop").rows()
    for (amount, shop), entity, time in zip(
        rows, history.entities, history.times.tolist(), strict=True
    ):
        partition = int(entity.removeprefix("card-")) % 3
        value = {"time": time, "features": {"amount": amount, "shop": shop}}
        records.append(
            record(
                json.dumps(value).encode(),
                key=entity.encode(),
                partition=partition,
                offset=offsets[partition],
            )
        )
        offsets[partition] += 1
    return records


def judged(pipeline: Pipeline, records: list[Any], memories: Memories, size: int) -> list[Any]:
    """Return what was found of each record, in the order of the records."""
    return [
        finding
        for begin in range(0, len(records), size)
        for finding in pipeline.judge(records[begin : begin + size], NOON, memories).findings
    ]


def test_a_worker_judges_with_the_features_that_training_computes() -> None:
    history = payments(600, seed=3)
    pipeline = pipeline_with_memory()
    assert pipeline.entity is not None
    memories = Memories(pipeline.entity.plan)
    decoded = pipeline.decode(records_of(history), NOON)
    pipeline.entity.fill(decoded, memories)
    schema = pipeline.model.schema
    expected = encode_history(remember(history, schema.memory), schema)
    np.testing.assert_array_equal(decoded.matrix, expected)


@pytest.mark.parametrize("size", [1, 7, 600])
def test_what_is_found_does_not_depend_on_the_batches(size: int) -> None:
    records = records_of(payments(600, seed=3))
    pipeline = pipeline_with_memory(alert_rate=0.2)
    assert pipeline.entity is not None
    together, apart = Memories(pipeline.entity.plan), Memories(pipeline.entity.plan)
    expected = judged(pipeline, records, together, len(records))
    assert judged(pipeline, records, apart, size) == expected
    assert len(expected) > 20
    for place, memory in together.found.items():
        assert memory.digest() == apart.found[place].digest()


def test_the_reasons_name_what_is_remembered_with_the_value_that_was_judged() -> None:
    value = b'{"features": {"amount": 20.0, "shop": "shop-1"}}'
    burst = [record(value, offset=offset) for offset in range(60)]
    pipeline = pipeline_with_memory(alert_rate=CERTAINLY)
    assert pipeline.entity is not None
    *_, last = judged(pipeline, burst, Memories(pipeline.entity.plan), 10)
    values = {reason.feature: reason.value for reason in last.reasons}
    assert values["count:1h"] in {59.0, 60.0}


def test_a_record_that_cannot_be_decoded_is_not_remembered() -> None:
    good = record(b'{"features": {"amount": 20.0, "shop": "shop-1"}}', offset=0)
    bad = record(b"{", offset=1)
    pipeline = pipeline_with_memory()
    assert pipeline.entity is not None
    one, both = Memories(pipeline.entity.plan), Memories(pipeline.entity.plan)
    pipeline.judge([good], NOON, one)
    verdict = pipeline.judge([good, bad], NOON, both)
    assert len(verdict.dead_letters) == 1
    assert one("transactions", 0).digest() == both("transactions", 0).digest()


def test_a_time_far_in_the_future_is_taken_as_that_of_kafka() -> None:
    pipeline = pipeline_with_memory(alert_rate=CERTAINLY)
    assert pipeline.entity is not None
    value = b'{"time": %d, "features": {"amount": 20.0, "shop": "shop-1"}}'
    future = record(value % int(NOON + 40 * 86_400), offset=0)
    later = record(value % int(NOON + 60), offset=1)
    memories = Memories(pipeline.entity.plan)
    pipeline.judge([future, later], NOON, memories)
    assert memories("transactions", 0).counts.late == 0


def test_an_evaluation_replays_the_data_first() -> None:
    history = payments(500, seed=5)
    found = evaluate(model_with_memory(), history)
    schema = model_with_memory().schema
    expected = encode_history(remember(history, schema.memory), schema)
    np.testing.assert_array_equal(found.log_p, model_with_memory().log_p_values(expected))


def test_no_entity_of_history_is_forgotten_however_many_there_are() -> None:
    crowded = read_spec({"keys": [{"features": ["since_last"], "capacity": 2**10}]})
    entities = pl.Series([f"card-{i}" for i in [*range(5_000)] * 2])
    amounts = pl.DataFrame({"amount": np.ones(10_000)})
    times = NOON + np.arange(10_000.0)
    history = History("payments", amounts, entities, pl.Series(range(10_000)), times)
    since = remember(history, crowded).frame["since_last"].to_numpy()
    np.testing.assert_array_equal(since[5_000:], 5_000.0)


def test_history_without_a_key_or_times_is_told_what_a_memory_needs() -> None:
    whole = payments(10)
    with pytest.raises(DataError, match="key=COLUMN"):
        remember(History("file", whole.frame, times=whole.times), spec())
    with pytest.raises(DataError, match="time=COLUMN"):
        remember(History("file", whole.frame, entities=whole.entities), spec())


class Stages:
    """Both stages of a model, with the topic between them in a list for each partition."""

    def __init__(self, pipeline: Pipeline, partitions: int = 4) -> None:
        assert pipeline.entity is not None
        assert pipeline.counterpart is not None
        self.partitions = partitions
        self.entities = Memories(pipeline.entity.plan)
        self.counterparts = Memories(pipeline.counterpart.plan)
        self.first, self.second = FirstStage(pipeline), SecondStage(pipeline)
        self.log: list[list[Any]] = [[] for _ in range(partitions)]

    def forward(self, records: list[Any]) -> None:
        _, messages = self.first.forward(records, NOON, self.entities, partitions=self.partitions)
        for partition, value in messages:
            log = self.log[partition]
            log.append(record(value, partition=partition, offset=len(log), topic="between"))

    def judge(self, messages: list[Any]) -> list[Any]:
        return self.second.judge(messages, NOON, self.counterparts).findings


def by_id(findings: list[Any]) -> dict[tuple[int, int], Any]:
    return {(f.record.partition, f.record.offset): (f.score, f.reasons) for f in findings}


def test_counterparts_are_remembered_across_the_partitions_of_the_source() -> None:
    history = payments(400, seed=8)
    pipeline = pipeline_with_memory(two_keys=True, alert_rate=CERTAINLY)
    stages = Stages(pipeline)
    found: dict[tuple[int, int], Any] = {}
    for one in records_of(history):
        before = [len(log) for log in stages.log]
        stages.forward([one])
        new = [m for log, start in zip(stages.log, before, strict=True) for m in log[start:]]
        found |= by_id(stages.judge(new))
    schema = pipeline.model.schema
    expected = encode_history(remember(history, schema.memory), schema)
    scores = score_of(np.exp(pipeline.model.log_p_values(expected)))
    assert [found[one.partition, one.offset][0] for one in records_of(history)] == scores.tolist()


def test_what_is_forwarded_twice_is_judged_once() -> None:
    records = records_of(payments(300, seed=8))
    pipeline = pipeline_with_memory(two_keys=True, alert_rate=CERTAINLY)
    once, twice = Stages(pipeline), Stages(pipeline)
    for begin in range(0, 300, 50):
        once.forward(records[begin : begin + 50])
        twice.forward(records[begin : begin + 50])
        if begin == 100:
            # A worker that died before its commit begins again, with the same memory.
            twice.entities = Memories(twice.entities._plan)
            for again in range(0, 150, 50):
                twice.forward(records[again : again + 50])
    found = [finding for log in once.log for finding in once.judge(log)]
    repeated = [finding for log in twice.log for finding in twice.judge(log)]
    assert by_id(repeated) == by_id(found)
    assert len(repeated) == 300
    for place, memory in once.counterparts.found.items():
        assert memory.digest() == twice.counterparts.found[place].digest()


def test_images_and_a_replay_give_the_same_memory_of_counterparts_whatever_is_repeated() -> None:
    records = records_of(payments(400, seed=9))
    pipeline = pipeline_with_memory(two_keys=True)
    stages = Stages(pipeline, partitions=1)
    for begin in (0, 100, 50, 100, 200, 150, 200, 300):
        stages.entities = Memories(stages.entities._plan)
        for upto in range(0, begin, 50):
            stages.first.forward(records[upto : upto + 50], NOON, stages.entities, partitions=1)
        stages.forward(records[begin : begin + 100])
    [log] = stages.log
    images = {}
    live = stages.counterparts("between", 0)
    for place, message in enumerate(log):
        stages.judge([message])
        for block in live.dirty_blocks()[: place % 3]:
            images[block] = live.take_image(block)
    restored = Memories(stages.counterparts._plan)("between", 0)
    for image in images.values():
        restored.load(image)
    firsts = [live.first_dirty(block) for block in live.dirty_blocks()]
    start = min([first for first in firsts if first is not None], default=live.applied)
    stages.second.replay(restored, log[start:])
    restored.settle()
    assert restored.digest() == live.digest()
    assert restored.upstream.highest == live.upstream.highest


@pytest.mark.parametrize("value", [None, b"", b"\xc1", b"\x93\xa1x\x90\xc4\x00", b"{}"])
def test_a_message_of_somebody_else_is_refused_in_one_line(value: bytes | None) -> None:
    stages = Stages(pipeline_with_memory(two_keys=True))
    foreign = record(value, topic="between", partition=1, offset=7)
    with pytest.raises(ForeignEvents, match="topic between partition 1 offset 7") as caught:
        stages.judge([foreign])
    assert "\n" not in str(caught.value)
