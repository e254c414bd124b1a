"""Whole runs of records as single Faust events.

Faust spends more than 100 µs of CPU on every event before an agent sees it. Two of its public
settings remove that cost: the consumer's scheduler decides which records are handed on, and a
topic's schema decides how one is decoded. The scheduler here hands on *one* record for a whole
run of fetched records of one partition, with the offset of the run's last; the schema gives the
agent the run.

Confirming such an event commits the whole run (`stream/consumer.py`). That is sound as long as
the runs of a partition are confirmed in order, as the one scoring agent does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.structs import ConsumerRecord
from faust import Schema
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP, AppT, Message


@dataclass(frozen=True, slots=True)
class RecordRun:
    """Records of one partition in order, dressed as one record for Faust's consumer."""

    topic: str
    partition: int
    offset: int
    value: tuple[ConsumerRecord, ...]
    timestamp: int | None = None
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()
    key: bytes | None = None
    checksum: bytes | None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0


class RunScheduler(DefaultSchedulingStrategy):
    """Hand on fetched records in runs.

    A run holds whatever has arrived for a partition, up to a maximum: it grows under load and
    is a single record when little comes in. Partitions and topics take turns, run by run.

    Parameters
    ----------
    sizes
        For each topic, records in a run at most.
    """

    def __init__(self, *, sizes: Mapping[str, int]) -> None:
        self._sizes = sizes

    def iterate(self, records: Mapping[TP, Sequence[Any]]) -> Iterator[tuple[TP, Any]]:
        """Iterate over fetched records in turns of a run each."""
        return super().iterate(
            {tp: list(self._runs(tp, fetched)) for tp, fetched in records.items()}
        )

    def _runs(self, tp: TP, fetched: Sequence[ConsumerRecord]) -> Iterator[RecordRun]:
        size = self._sizes[tp.topic]
        for start in range(0, len(fetched), size):
            run = tuple(fetched[start : start + size])
            yield RecordRun(tp.topic, tp.partition, run[-1].offset, run)


class RunSchema(Schema[Any, Any]):
    """Give an agent the run of records itself, undecoded."""

    def loads_key(self, app: AppT, message: Message, **_: Any) -> None:  # noqa: ARG002
        """Return nothing: the records of a run have their own keys."""
        return

    def loads_value(self, app: AppT, message: Message, **_: Any) -> Any:  # noqa: ARG002
        """Return the records of a run, a tuple."""
        return message.value
