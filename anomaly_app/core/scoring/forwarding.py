"""Events on their way from their entity's memory to their counterpart's, through a topic.

The entities of one counterpart are in many partitions of the source, so its memory cannot be kept
there: the events go on to the partition of their counterpart, with the features that they have so
far. One message holds the events that one batch has for one partition.
"""

import msgspec
import numpy as np

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.errors import ForeignEvents


class ForwardedRecord(msgspec.Struct, array_like=True, gc=False):
    """A record of the source."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    key: bytes | None
    value: bytes | None
    """Without a serializer's prefix: whoever reads it needs no schema."""


class Forwarded(msgspec.Struct, array_like=True):
    """Records of one partition of the source, in the order of their offsets."""

    spec: str
    """Hash of what was remembered of their entities."""
    records: list[ForwardedRecord]
    features: bytes
    """What is remembered of their entities: float64, little-endian, row by row."""

    def matrix(self, columns: int) -> Matrix:
        """Return the features, shape ``(records, columns)``."""
        return np.frombuffer(self.features, "<f8").reshape(-1, columns)


_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(Forwarded).decode


def write_forwarded(records: list[ForwardedRecord], features: Matrix, *, spec: str) -> bytes:
    """Write a message.

    Parameters
    ----------
    records
        Of one partition of the source.
    features
        What is remembered of their entities, shape ``(records, features)``.
    spec
        Hash of what is remembered of entities.
    """
    return _write(Forwarded(spec, records, features.astype("<f8").tobytes()))


def read_forwarded(message: KafkaRecord, *, spec: str, columns: int) -> Forwarded:
    """Read a message of `FirstStage`.

    Parameters
    ----------
    message
        A record of the topic between the two memories.
    spec
        Hash of what is remembered of entities now.
    columns
        Number of its features.

    Raises
    ------
    ForeignEvents
        Somebody else has written it, or a worker with another spec.
    """
    where = f"topic {message.topic} partition {message.partition} offset {message.offset}"
    try:
        forwarded = _read(message.value or b"")
    except ValueError as fault:
        raise ForeignEvents(
            f"{where} is not a batch of events between two memories ({fault}): only workers may "
            "write to this topic; skip the message by setting the group's offset after it"
        ) from None
    if forwarded.spec != spec or len(forwarded.features) != 8 * columns * len(forwarded.records):
        raise ForeignEvents(
            f"{where} has events with the features of another memory ({forwarded.spec[:12]}, now "
            f"{spec[:12]}): let workers with the former model finish the topic, then run "
            "`faust -A anomaly_app.app memory rebuild`"
        )
    return forwarded
