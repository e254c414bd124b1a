"""The features that a batch of records gets from the memory of their entities."""

from collections.abc import Callable
from typing import Self, TypeAlias

import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.decoding.decoded import Decoded
from anomaly_app.core.hours import local_seconds
from anomaly_app.core.memory.events import Events, Hashes
from anomaly_app.core.memory.hashing import hash_texts, spec_key
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.memory.spec import MemorySpec
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.times import milliseconds

MemoryOf: TypeAlias = Callable[[str, int], PartitionMemory]
"""Returns the memory of a partition, by topic and number."""


class Remembering:
    """Reads from decoded records what a memory needs, and sets its features in their matrix.

    Parameters
    ----------
    schema
        The model's features.
    memory
        What is remembered of each entity.
    """

    def __init__(self, schema: FeatureSchema, memory: MemorySpec) -> None:
        self.plan = Plan(memory.keys[0])
        self._salt = spec_key(self.plan.sha256)
        self._timezone = memory.timezone
        places = {name: place for place, name in enumerate(self.plan.names)}
        features = [*enumerate(schema.features)]
        found = [(i, places[f.name]) for i, f in features if f.kind == "memory"]
        self._columns = np.array([column for column, _ in found], dtype=np.intp)
        self._places = np.array([place for _, place in found], dtype=np.intp)
        self._encoded = {f.name: column for column, f in features if f.kind == "number"}
        self._sent = {f.name: place for place, f in enumerate(schema.wire_features)}

    @classmethod
    def of(cls, schema: FeatureSchema) -> Self | None:
        """Return the reader for a schema; None if it has no memory."""
        return None if schema.memory is None else cls(schema, schema.memory)

    def fill(self, decoded: Decoded, memory_of: MemoryOf | None) -> None:
        """Set the features of the memory in the matrix, and remember the records.

        Parameters
        ----------
        decoded
            Records of one topic, those of one partition in the order of its log.
        memory_of
            Finds the memory; None: every batch is the first of all.
        """
        records = decoded.records
        if not records:
            return
        events = self.events_of(decoded)
        topic, number = records[0].topic, len(records)
        partitions = np.fromiter((record.partition for record in records), np.int64, number)
        for partition in np.unique(partitions).tolist():
            rows = np.flatnonzero(partitions == partition)
            part = events if len(rows) == number else events.take(rows)
            memory = (
                PartitionMemory(self.plan) if memory_of is None else memory_of(topic, partition)
            )
            features = memory.observe(part)
            decoded.matrix[rows[:, np.newaxis], self._columns] = features[:, self._places]

    def events_of(self, decoded: Decoded) -> Events:
        """Return what a memory needs of decoded records.

        Parameters
        ----------
        decoded
            Records whose matrix has not been scaled yet.
        """
        number = len(decoded.records)
        times = np.asarray(decoded.times, dtype=np.float64)
        numbers = [self._number(decoded, name) for name in self.plan.numbers]
        texts = [self._text(decoded, name) for name in self.plan.texts]
        return Events(
            offsets=np.fromiter((record.offset for record in decoded.records), np.int64, number),
            keys=hash_texts(decoded.entities or [None] * number, self._salt),
            times=milliseconds(times),
            local=milliseconds(local_seconds(times, self._timezone)),
            numbers=np.column_stack(numbers) if numbers else np.empty((number, 0)),
            texts=np.column_stack(texts) if texts else np.empty((number, 0), dtype=np.uint64),
        )

    def _number(self, decoded: Decoded, name: str) -> Vector:
        if name in self._encoded:
            return decoded.matrix[:, self._encoded[name]]
        place = self._sent[name]
        return np.array([row[place] for row in decoded.rows], dtype=np.float64)

    def _text(self, decoded: Decoded, name: str) -> Hashes:
        place = self._sent[name]
        return hash_texts([_as_text(row[place]) for row in decoded.rows], self._salt)


def _as_text(value: FeatureValue) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
