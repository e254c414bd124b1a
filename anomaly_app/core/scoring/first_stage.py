"""Remember the entities of records, and carry the records on to their counterparts' partitions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Indices
from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.decoding.raw_value import FRAMED
from anomaly_app.core.scoring.forwarding import ForwardedRecord, write_forwarded
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.remembering import MemoryOf
from anomaly_app.core.scoring.verdict import Verdict

BYTES_A_MESSAGE = 524_288
"""Bytes of records from which a message is divided."""


class ForwardedMessage(NamedTuple):
    """A message for one partition of the topic between the two memories."""

    partition: int
    value: bytes


class FirstStage:
    """Remembers entities, and writes the messages that carry their events on.

    Parameters
    ----------
    pipeline
        Its model remembers counterparts, too.

    Raises
    ------
    LookupError
        It does not.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._entity, self._counterpart = pipeline.both_memories

    def forward(
        self,
        records: Sequence[KafkaRecord],
        detected_at: float,
        memory_of: MemoryOf,
        *,
        partitions: int,
    ) -> tuple[Verdict, list[ForwardedMessage]]:
        """Remember records, and carry them on.

        Parameters
        ----------
        records
            Of one topic, those of one partition in the order of its log.
        detected_at
            Seconds since the epoch.
        memory_of
            Returns the memory of a partition of that topic.
        partitions
            Number of partitions of the topic between the two memories.

        Returns
        -------
        verdict : Verdict
            The records that cannot be decoded, as dead letters.
        messages : list
            One for each pair of a partition of the source and one of the topic between, unless
            it would be too large.
        """
        decoded = self._pipeline.decode(records, detected_at)
        features = self._entity.fill(decoded, memory_of)
        verdict = self._pipeline.score(decoded.part(0, 0).without(*decoded.rejected), detected_at)
        number = len(decoded.records)
        sources = np.fromiter((record.partition for record in decoded.records), np.int64, number)
        counterparts = self._counterpart.keys_of(decoded)
        hashed = (counterparts % np.uint64(partitions)).astype(np.int64)
        # Records without a counterpart need no memory: any partition will do.
        targets = np.where(counterparts == 0, sources % partitions, hashed)
        pairs = sources * partitions + targets
        order = np.argsort(pairs, kind="stable")
        starts = np.flatnonzero(np.diff(pairs[order], prepend=-1))
        spec = self._entity.plan.sha256
        plain = [self._plain(record) for record in decoded.records]
        messages = [
            ForwardedMessage(
                int(targets[some[0]]),
                write_forwarded([plain[row] for row in some.tolist()], features[some], spec=spec),
            )
            for rows in np.split(order, starts[1:])
            for some in _pieces(decoded.records, rows)
        ]
        return verdict, messages

    def _plain(self, record: KafkaRecord) -> ForwardedRecord:
        value = record.value
        if value is not None and value[:1] == FRAMED:
            value = self._pipeline.decoder.json_of(record)
        return ForwardedRecord(
            record.topic, record.partition, record.offset, record.timestamp, record.key, value
        )


def _pieces(records: Sequence[KafkaRecord], rows: Indices) -> list[Indices]:
    """Divide rows so that the values of each piece fit into a message."""
    if not len(rows):
        return []
    sizes = np.array([len(records[row].value or b"") for row in rows.tolist()])
    piece = np.cumsum(sizes) // BYTES_A_MESSAGE
    return np.split(rows, np.flatnonzero(np.diff(piece)) + 1)
