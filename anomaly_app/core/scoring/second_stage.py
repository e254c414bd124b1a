"""Judge events in the partition of their counterpart, each once however often it is forwarded."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from anomaly_app.core.arrays import Integers, Matrix
from anomaly_app.core.decoding.decoded import Decoded, KafkaRecord
from anomaly_app.core.memory.events import Events
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.scoring.forwarding import read_forwarded
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.remembering import MemoryOf
from anomaly_app.core.scoring.verdict import Verdict


class SecondStage:
    """Judges what `first_stage.FirstStage` forwards.

    Parameters
    ----------
    pipeline
        Its model remembers counterparts.

    Raises
    ------
    LookupError
        It does not.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._entity, self._counterpart = pipeline.both_memories

    def judge(
        self, messages: Sequence[KafkaRecord], detected_at: float, memory_of: MemoryOf
    ) -> Verdict:
        """Judge the events in messages, and remember them.

        Parameters
        ----------
        messages
            Of one topic, those of one partition in the order of its log.
        detected_at
            Seconds since the epoch.
        memory_of
            Returns the memory of a partition of that topic.

        Raises
        ------
        ForeignEvents
            A message was written by somebody else.
        """
        decoded = self._pipeline.decode([], detected_at)
        ordered = sorted(messages, key=lambda message: message.partition)
        for partition, group in groupby(ordered, key=lambda message: message.partition):
            memory = memory_of(messages[0].topic, partition)
            some, events, features = self._read([*group], detected_at)
            fresh = np.flatnonzero(memory.upstream.admit(*_places(some)))
            if len(fresh) < len(some.records):
                some, events, features = some.take(fresh), events.take(fresh), features[fresh]
            rows = np.arange(len(some.records))
            self._entity.put(some, rows, features)
            self._counterpart.put(some, rows, memory.observe(events))
            decoded = decoded.followed_by(some)
        return self._pipeline.score(decoded, detected_at)

    def replay(self, memory: PartitionMemory, messages: Sequence[KafkaRecord]) -> None:
        """Remember the events in messages of one partition that were judged before."""
        some, events, _ = self._read(messages, detected_at=0.0)
        blocks = memory.blocks_of(events.keys)
        memory.replay(events.take(np.flatnonzero(memory.upstream.admit(*_places(some), blocks))))

    def _read(
        self, messages: Sequence[KafkaRecord], detected_at: float
    ) -> tuple[Decoded, Events, Matrix]:
        """Return the events in messages, at the offsets of these, and their entities' features."""
        spec, columns = self._entity.plan.sha256, len(self._entity.plan.names)
        forwarded = [read_forwarded(one, spec=spec, columns=columns) for one in messages]
        records = [record for one in forwarded for record in one.records]
        places = {id(record): place for place, record in enumerate(records)}
        decoded = self._pipeline.decode(records, detected_at)
        rows = np.array([places[id(record)] for record in decoded.records], dtype=np.intp)
        offsets = np.repeat(
            np.array([m.offset for m in messages], dtype=np.int64),
            [len(one.records) for one in forwarded],
        )
        features = np.vstack([np.empty((0, columns)), *(one.matrix(columns) for one in forwarded)])
        events = self._counterpart.events_of(decoded)._replace(offsets=offsets[rows])
        return decoded, events, features[rows]


def _places(decoded: Decoded) -> tuple[Integers, Integers]:
    """Return the partition of each record in the source, and its offset there."""
    found = [(record.partition, record.offset) for record in decoded.records]
    partitions, offsets = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return partitions, offsets
