"""Is what workers judged by what an offline replay of the log says, bit by bit?"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from aiokafka.structs import ConsumerRecord

from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.remembering import Remembering
from anomaly_app.core.scoring.second_stage import SecondStage
from tests.support.traced_app import row_type, tracing

BATCH = 4_096


class Consistency(NamedTuple):
    """The figures that chronon prints of online and offline features."""

    judged: int
    """Judgements; a record may be judged twice, if the first time was not committed."""
    records: int
    """Different records that were judged."""
    mismatches: int
    """Judgements with other features than the replay's."""
    missing: int
    """Records of the log that nobody judged."""
    extra: int
    """Judgements of records that are not in the log."""

    def __str__(self) -> str:
        return (
            f"{self.judged:,} judgements of {self.records:,} records: "
            f"{self.mismatches} mismatches, {self.missing} missing, {self.extra} extra"
        )


def judged_places(folder: Path, key: str, columns: int) -> set[tuple[int, int]]:
    """Return partition and offset of all records whose features of a key were written down."""
    return {(int(row["partition"]), int(row["offset"])) for row in _rows(folder, key, columns)}


def consistency(folder: Path, key: str, expected: dict[tuple[int, int], bytes]) -> Consistency:
    """Compare all traces of a key with what was expected, by partition and offset."""
    judged = mismatches = extra = 0
    seen: set[tuple[int, int]] = set()
    for partition, offset, features in _rows(folder, key, len(next(iter(expected.values()))) // 8):
        judged += 1
        place = (int(partition), int(offset))
        seen.add(place)
        if place not in expected:
            extra += 1
        elif expected[place] != features.tobytes():
            mismatches += 1
    return Consistency(judged, len(seen), mismatches, len(expected.keys() - seen), extra)


def _rows(folder: Path, key: str, columns: int) -> Iterator[Any]:
    for file in folder.glob(f"{key}-*.trace"):
        yield from np.fromfile(file, row_type(columns))


def replayed(
    pipeline: Pipeline, records: Sequence[ConsumerRecord]
) -> tuple[dict[tuple[int, int], bytes], dict[int, PartitionMemory]]:
    """Replay a source topic: each record's features, and the memories in the end."""
    assert pipeline.entity is not None
    found: dict[tuple[int, int], bytes] = {}
    memories = {}
    for partition, log in _by_partition(records).items():
        memory = memories[partition] = PartitionMemory(pipeline.entity.plan)
        for begin in range(0, len(log), BATCH):
            decoded = pipeline.decode(log[begin : begin + BATCH], 0.0)
            features = memory.observe(pipeline.entity.events_of(decoded))
            for record, row in zip(decoded.records, features, strict=True):
                found[partition, record.offset] = row.tobytes()
    return found, memories


def replayed_between(
    pipeline: Pipeline, messages: Sequence[ConsumerRecord], monkeypatch: Any
) -> tuple[dict[tuple[int, int], bytes], dict[int, PartitionMemory]]:
    """Replay the topic between two memories: each record's features of its counterpart."""
    assert pipeline.counterpart is not None
    plan = pipeline.counterpart.plan
    columns = len(plan.names)
    found: dict[tuple[int, int], bytes] = {}
    memories: dict[int, PartitionMemory] = defaultdict(lambda: PartitionMemory(plan))

    def keep(key: str, data: bytes) -> None:
        if key == "counterpart":
            for partition, offset, features in np.frombuffer(data, row_type(columns)):
                found[int(partition), int(offset)] = features.tobytes()

    stage = SecondStage(pipeline)
    with monkeypatch.context() as patch:
        patch.setattr(Remembering, "put", tracing(keep))
        for log in _by_partition(messages).values():
            for message in log:
                stage.judge([message], 0.0, lambda _, partition: memories[partition])
    return found, memories


def _by_partition(records: Sequence[ConsumerRecord]) -> dict[int, list[ConsumerRecord]]:
    logs: dict[int, list[ConsumerRecord]] = defaultdict(list)
    for record in records:
        logs[record.partition].append(record)
    return {partition: sorted(log, key=_offset) for partition, log in logs.items()}


def _offset(record: ConsumerRecord) -> int:
    return int(record.offset)
