"""Time the compiled loop on events of many entities, in this process."""

import time

import numpy as np

from anomaly_app.core.memory.events import Events
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from benchmarks.entity_memory.payments import INTERVAL_MS, MERCHANTS
from benchmarks.entity_memory.spec import thirty_features

BATCH = 4_096
"""Events that a worker takes at once when many are waiting."""

FIRST_TIME = 1_767_268_800_000
"""1 January 2026, in milliseconds."""


class EventMaker:
    """Makes events of payments for a memory, in the order of their offsets.

    Parameters
    ----------
    plan
        The memory's layout.
    interval
        Milliseconds between two events.
    """

    def __init__(self, plan: Plan, interval: float) -> None:
        self._plan = plan
        self._interval = interval
        self._random = np.random.default_rng(0)
        self._offset = 0

    def make(self, entities: np.ndarray) -> Events:
        """Make the next events, of these entities: numbers from 0 on."""
        rows = len(entities)
        offsets = np.arange(self._offset, self._offset + rows)
        self._offset += rows
        times = FIRST_TIME + (offsets * self._interval).astype(np.int64)
        texts = self._random.integers(1, MERCHANTS, (rows, len(self._plan.texts)), dtype=np.uint64)
        return Events(
            offsets=offsets,
            keys=_hashes(entities),
            times=times,
            local=times,
            numbers=self._random.gamma(2.0, 15.0, (rows, len(self._plan.numbers))),
            texts=_hashes(texts),
        )

    def batches(self, entities: np.ndarray) -> list[Events]:
        """Make the next events, in batches as of a worker."""
        firsts = range(0, len(entities), BATCH)
        return [self.make(entities[first : first + BATCH]) for first in firsts]


class Kernel:
    """A memory in which all entities are active, ready to be timed.

    Parameters
    ----------
    entities
        Number of active entities.
    """

    def __init__(self, entities: int) -> None:
        self._entities = entities
        capacity = 1 << max(9, int(entities * 1.25 - 1).bit_length())
        plan = Plan(thirty_features(capacity).keys[0])
        self._memory = PartitionMemory(plan)
        self._maker = EventMaker(plan, INTERVAL_MS / entities)
        self._random = np.random.default_rng(1)
        for events in self._maker.batches(np.arange(entities)):
            self._memory.observe(events)

    def microseconds(self, events: int) -> float:
        """Return the CPU time of an event: all thirty features, written and updated."""
        batches = self._maker.batches(self._random.integers(0, self._entities, events))
        begin = time.process_time()
        for batch in batches:
            self._memory.observe(batch)
        return (time.process_time() - begin) / events * 1e6

    def published_bytes(self) -> float:
        """Return the bytes of an entity in an image, as it is published: compressed."""
        blocks = self._memory.dirty_blocks()
        images = sum(len(self._memory.take_image(block).to_bytes()) for block in blocks)
        return images / self._memory.counts.entities


def _hashes(numbers: np.ndarray) -> np.ndarray:
    """Mix numbers into hashes without a collision (splitmix64, by Steele et al., 2014)."""
    with np.errstate(over="ignore"):
        mixed = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
