"""Is what workers judged by what an offline replay of the log says, bit by bit?"""

from collections import defaultdict
from collections.abc import AsyncIterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from aiokafka.structs import ConsumerRecord

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.remembering import Remembering
from anomaly_app.core.scoring.second_stage import SecondStage
from tests.support.traced_app import row_type, rows_of, tracing

BATCH = 4_096

ROWS = 1_000_000
"""Rows of a trace that are compared at once."""

Rows = npt.NDArray[Any]
"""Of `row_type`: where records are in the source, and their features."""


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

    @property
    def is_perfect(self) -> bool:
        return self.records > 0 and not (self.mismatches or self.missing or self.extra)

    def __str__(self) -> str:
        return (
            f"{self.judged:,} judgements of {self.records:,} records: "
            f"{self.mismatches} mismatches, {self.missing} missing, {self.extra} extra"
        )


class Expected:
    """The features of the records of a log, by partition and offset.

    Parameters
    ----------
    columns
        Number of features.
    parts
        The records, in any order.
    """

    def __init__(self, columns: int, parts: Sequence[Rows]) -> None:
        self.columns = columns
        self._features: dict[int, Matrix] = {}
        self.places: dict[int, npt.NDArray[np.bool_]] = {}
        """For each partition, whether there is a record at each offset."""
        ends: dict[int, int] = defaultdict(int)
        for rows in parts:
            for partition, mine in _by_partition(rows):
                ends[partition] = max(ends[partition], int(mine["offset"].max()) + 1)
        for partition, end in ends.items():
            self._features[partition] = np.zeros((end, columns))
            self.places[partition] = np.zeros(end, dtype=np.bool_)
        for rows in parts:
            for partition, mine in _by_partition(rows):
                self._features[partition][mine["offset"]] = mine["features"]
                self.places[partition][mine["offset"]] = True

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(int(places.sum()) for places in self.places.values())

    def compare(self, partition: int, rows: Rows) -> tuple[int, int]:
        """Return how many rows are in the log, and how many of these differ from it."""
        if partition not in self.places:
            return 0, 0
        places = self.places[partition]
        known = rows[rows["offset"] < len(places)]
        known = known[places[known["offset"]]]
        expected = self._features[partition][known["offset"]].view("i8")
        found = np.ascontiguousarray(known["features"]).view("i8")
        return len(known), int((expected != found).any(axis=1).sum())


def consistency(folder: Path, key: str, expected: Expected) -> Consistency:
    """Compare all traces of a key with what was expected, by partition and offset."""
    judged = mismatches = extra = 0
    for rows in traced(folder, key, expected.columns):
        judged += len(rows)
        for partition, mine in _by_partition(rows):
            known, different = expected.compare(partition, mine)
            mismatches += different
            extra += len(mine) - known
    missing = unseen(folder, key, expected.columns, expected)
    return Consistency(judged, expected.records - missing, mismatches, missing, extra)


def unseen(folder: Path, key: str, columns: int, expected: Expected) -> int:
    """Return how many of the expected records nobody has judged by the features of a key."""
    left = {number: places.copy() for number, places in expected.places.items()}
    for rows in traced(folder, key, columns):
        for partition, mine in _by_partition(rows):
            if partition in left:
                offsets = mine["offset"]
                left[partition][offsets[offsets < len(left[partition])]] = False
    return sum(int(places.sum()) for places in left.values())


def traced(folder: Path, key: str, columns: int) -> Iterator[Rows]:
    """Yield what the workers have written down of a key."""
    kind = row_type(columns)
    for file in folder.glob(f"{key}-*.trace"):
        # A worker that is killed may be in the midst of a row.
        whole = np.memmap(file, kind, "r", shape=(file.stat().st_size // kind.itemsize,))
        for begin in range(0, len(whole), ROWS):
            yield whole[begin : begin + ROWS]


class Replay:
    """An offline replay of a source topic, in chunks of any size.

    Parameters
    ----------
    pipeline
        Its model has a memory.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        assert pipeline.entity is not None
        self._pipeline, self._entity = pipeline, pipeline.entity
        self._parts: list[Rows] = []
        self.records = 0
        """How many were replayed, those that were rejected with them."""
        self.memories: dict[int, PartitionMemory] = {}
        """In the end, by partition."""

    async def add(self, chunks: AsyncIterable[Sequence[ConsumerRecord]]) -> None:
        """Replay the log of one partition."""
        async for chunk in chunks:
            self.records += len(chunk)
            for begin in range(0, len(chunk), BATCH):
                self._apply(chunk[begin : begin + BATCH])

    def _apply(self, batch: Sequence[ConsumerRecord]) -> None:
        partition = batch[0].partition
        if partition not in self.memories:
            self.memories[partition] = PartitionMemory(self._entity.plan)
        decoded = self._pipeline.decode(batch, 0.0)
        features = self.memories[partition].observe(self._entity.events_of(decoded))
        self._parts.append(rows_of(decoded.records, features))

    @property
    def expected(self) -> Expected:
        """The features that every record should have been judged by."""
        return Expected(len(self._entity.plan.names), self._parts)

    @property
    def counts(self) -> str:
        """What happened in the memories, in words."""
        entities, late, evicted, saturated = np.sum(
            [memory.counts for memory in self.memories.values()], axis=0
        )
        return (
            f"{entities:,} entities in the end, {evicted:,} evicted, {late:,} events too late, "
            f"{saturated:,} sums saturated"
        )


def replayed_between(
    pipeline: Pipeline, messages: Sequence[ConsumerRecord], monkeypatch: Any
) -> Expected:
    """Replay the topic between two memories: each record's features of its counterpart."""
    assert pipeline.counterpart is not None
    plan = pipeline.counterpart.plan
    memories: dict[int, PartitionMemory] = defaultdict(lambda: PartitionMemory(plan))
    found: list[Rows] = []

    def keep(key: str, rows: Rows) -> None:
        if key == "counterpart":
            found.append(rows)

    stage = SecondStage(pipeline)
    with monkeypatch.context() as patch:
        patch.setattr(Remembering, "put", tracing(keep))
        for message in sorted(messages, key=lambda message: (message.partition, message.offset)):
            stage.judge([message], 0.0, lambda _, partition: memories[partition])
    return Expected(len(plan.names), found)


def _by_partition(rows: Rows) -> Iterator[tuple[int, Rows]]:
    for partition in np.unique(rows["partition"]).tolist():
        yield partition, rows[rows["partition"] == partition]
