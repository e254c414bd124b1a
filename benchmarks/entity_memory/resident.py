"""Measure the resident memory of a partition's memory, in a process of its own.

``python -m benchmarks.entity_memory.resident ENTITIES OFFERED`` writes what it measured as JSON.
"""

import os
import subprocess
import sys

import msgspec
import numpy as np

from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from benchmarks.entity_memory.kernel import BATCH, EventMaker
from benchmarks.entity_memory.spec import thirty_features
from benchmarks.errors import BenchmarkError
from benchmarks.processes import memory

INTERVAL_MS = 10.0
"""Milliseconds between two events."""

FULL = 2
"""Multiple of the capacity that is offered until every block is full."""


class Resident(msgspec.Struct, frozen=True):
    """What a process measured of itself, in MB of resident memory."""

    record_bytes: int
    """Bytes of an entity's record, without its clock and its place in the index."""
    entities: int
    """Entities that were remembered after `filled`."""
    empty: float
    filled: float
    """After as many distinct keys as were asked for."""
    full: float
    """After twice as many keys as it remembers."""
    flooded: float
    """After all distinct keys."""

    @property
    def bytes_per_entity(self) -> float:
        """Everything that an entity takes."""
        return (self.filled - self.empty) * 1e6 / self.entities


def measure_resident(entities: int, offered: int) -> Resident:
    """Measure a new process that remembers entities, and is then offered more of them.

    Parameters
    ----------
    entities
        Distinct keys to remember at first; the memory has room for the next power of two.
    offered
        Distinct keys to offer in all, at least four times as many.

    Raises
    ------
    BenchmarkError
        The process failed.
    """
    command = [sys.executable, "-m", "benchmarks.entity_memory.resident"]
    done = subprocess.run(  # noqa: S603  # our own command
        [*command, str(entities), str(offered)], capture_output=True, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"measuring resident memory failed: {done.stderr.decode()[-500:]}")
    return msgspec.json.decode(done.stdout, type=Resident)


def measure_here(entities: int, offered: int) -> Resident:
    """Measure this process; see `measure_resident`."""
    capacity = 1 << max(9, (entities - 1).bit_length())
    plan = Plan(thirty_features(capacity).keys[0])
    # Whatever the first batch loads and allocates is there before the measurement begins.
    _offer(PartitionMemory(plan.of_one_block()), EventMaker(plan, INTERVAL_MS), 0, BATCH)
    maker, remembered = EventMaker(plan, INTERVAL_MS), PartitionMemory(plan)
    empty = _resident()
    _offer(remembered, maker, 0, entities)
    filled, count = _resident(), remembered.counts.entities
    _offer(remembered, maker, entities, FULL * capacity)
    full = _resident()
    _offer(remembered, maker, FULL * capacity, offered)
    return Resident(plan.record_bytes, count, empty, filled, full, _resident())


def _offer(remembered: PartitionMemory, maker: EventMaker, begin: int, end: int) -> None:
    """Remember one event of each of these entities."""
    for first in range(begin, end, BATCH):
        remembered.observe(maker.make(np.arange(first, min(first + BATCH, end))))


def _resident() -> float:
    return memory([os.getpid()], "VmRSS")


if __name__ == "__main__":
    result = measure_here(*map(int, sys.argv[1:]))
    sys.stdout.buffer.write(msgspec.json.encode(result))
