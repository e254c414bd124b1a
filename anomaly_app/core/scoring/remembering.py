"""What a memory needs of decoded records, and where its features are in their matrix."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import numpy as np

from anomaly_app.core.arrays import Indices, Matrix, Vector
from anomaly_app.core.decoding.decoded import Decoded, KafkaRecord
from anomaly_app.core.memory.durations import SECOND
from anomaly_app.core.memory.events import Events, Hashes
from anomaly_app.core.memory.hashing import hash_texts, spec_key
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.memory.profile import profile_of
from anomaly_app.core.memory.profile_data import Profile
from anomaly_app.core.memory.spec import ENTITY, KeySpec, MemorySpec
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.times import FIRST_PLAIN_TIMESTAMP

MemoryOf: TypeAlias = Callable[[str, int], PartitionMemory]
"""Returns the memory of a partition, by topic and number."""

TEXTS = {str, type(None)}

FUTURE = 86_400.0
"""Seconds by which a transaction's time may be later than Kafka's time of its record."""


class Remembering:
    """One key's memory and a model: which fields it reads, and which columns it sets.

    Parameters
    ----------
    schema
        The model's features.
    key
        What is remembered of the entity, or of the counterpart.
    timezone
        IANA time zone of usual hours.
    """

    def __init__(self, schema: FeatureSchema, key: KeySpec, timezone: str) -> None:
        self.plan = Plan(key)
        self._field = key.field
        self._salt = spec_key(self.plan.sha256)
        self._timezone = timezone
        places = {name: place for place, name in enumerate(key.columns)}
        features = [*enumerate(schema.features)]
        found = [(i, places[f.name]) for i, f in features if f.name in places]
        self._columns = np.array([column for column, _ in found], dtype=np.intp)
        self._places = np.array([place for _, place in found], dtype=np.intp)
        self._encoded = {f.name: column for column, f in features if f.kind == "number"}
        self._sent = {f.name: place for place, f in enumerate(schema.wire_features)}

    def fill(self, decoded: Decoded, memory_of: MemoryOf | None) -> Matrix:
        """Remember records, and set their features in the matrix.

        Parameters
        ----------
        decoded
            Records of one topic, those of one partition in the order of its log.
        memory_of
            Finds the memory; None: every batch is the first of all.

        Returns
        -------
        Matrix
            All features of the memory, shape ``(records, features of the memory)``.
        """
        records, number = decoded.records, len(decoded.records)
        features = np.zeros((number, len(self.plan.names)))
        if not records:
            return features
        topic, events = records[0].topic, self.events_of(decoded)
        partitions = np.fromiter((record.partition for record in records), np.int64, number)
        for partition in {*partitions.tolist()}:
            rows = np.flatnonzero(partitions == partition)
            part = events if len(rows) == number else events.take(rows)
            found = memory_of(topic, partition) if memory_of else PartitionMemory(self.plan)
            features[rows] = found.observe(part)
        self.put(decoded, np.arange(number), features)
        return features

    def put(self, decoded: Decoded, rows: Indices, features: Matrix) -> None:
        """Set the features of some records in the matrix.

        Parameters
        ----------
        decoded
            The records.
        rows
            Their indices, shape ``(rows,)``.
        features
            All features of the memory, shape ``(rows, features of the memory)``.
        """
        decoded.matrix[rows[:, np.newaxis], self._columns] = features[:, self._places]

    def events_of(self, decoded: Decoded) -> Events:
        """Return what the memory needs of decoded records.

        Parameters
        ----------
        decoded
            Records whose matrix has not been scaled yet.
        """
        records = decoded.records
        return Events.of(
            np.fromiter((record.offset for record in records), np.int64, len(records)),
            self.keys_of(decoded),
            _plausible(np.asarray(decoded.times, dtype=np.float64), records),
            self._timezone,
            [self._number(decoded, name) for name in self.plan.numbers],
            [self._text(decoded, name) for name in self.plan.texts],
        )

    def keys_of(self, decoded: Decoded) -> Hashes:
        """Return the hash of the entity, or counterpart, of each record; 0 if it has none."""
        return self._text(decoded, ENTITY if self._field is None else self._field)

    def profile(self, memory: PartitionMemory, name: str, time: float) -> Profile | None:
        """Return what a memory holds of an entity, or counterpart; None if it is nothing.

        Parameters
        ----------
        memory
            That of one partition.
        name
            As a text.
        time
            Of the profile, in seconds since the epoch.
        """
        [key] = hash_texts([name], self._salt).tolist()
        return profile_of(memory, key, int(time * SECOND), self._timezone)

    def _number(self, decoded: Decoded, name: str) -> Vector:
        if name in self._encoded:
            return decoded.matrix[:, self._encoded[name]]
        place = self._sent[name]
        return np.array([row[place] for row in decoded.rows], dtype=np.float64)

    def _text(self, decoded: Decoded, name: str) -> Hashes:
        place = self._sent.get(name)
        if place is None:
            # It is the entity, which no field has to hold.
            return hash_texts(decoded.entities or [None] * len(decoded.records), self._salt)
        return hash_texts(_as_texts([row[place] for row in decoded.rows]), self._salt)


def _plausible(times: Vector, records: Sequence[KafkaRecord]) -> Vector:
    """Replace times in the future by Kafka's: an entity's clock would never go back."""
    stamps = np.fromiter((record.timestamp or 0 for record in records), np.float64, len(records))
    arrived = np.where(stamps >= FIRST_PLAIN_TIMESTAMP, stamps / 1000.0, np.inf)
    return np.where(times > arrived + FUTURE, arrived, times)


def remembering_of(
    schema: FeatureSchema, memory: MemorySpec
) -> tuple[Remembering, Remembering | None]:
    """Return what a model remembers of entities, and of counterparts if it does."""
    entity, *others = (Remembering(schema, key, memory.timezone) for key in memory.keys)
    return entity, others[0] if others else None


def _as_texts(values: Sequence[FeatureValue]) -> Sequence[str | None]:
    if {*map(type, values)} <= TEXTS:
        return cast("Sequence[str | None]", values)
    return [value if value is None or isinstance(value, str) else str(value) for value in values]
