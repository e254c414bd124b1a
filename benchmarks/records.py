"""The records that all systems read, generated from a seed: the same bytes in every run."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Matrix

FEATURES = tuple(f"f{index}" for index in range(10))
MEANS = np.array([24.0, 3.5, 120.0, 0.5, 61.0, 8.2, 1500.0, 0.07, 45.0, 5.0])
SPREADS = np.array([6.0, 0.9, 30.0, 0.1, 15.0, 2.0, 400.0, 0.015, 11.0, 1.2])
DECIMALS = np.array([2, 3, 2, 4, 2, 3, 1, 4, 2, 3])
"""Number of decimals, so that values have 2 to 5 digits like in real payloads."""

ENTITIES = 400
INJECTED = 0.001
"""Share of injected anomalies."""

FAR = 12.0
"""Distance of an injected anomaly from the mean in most features, in standard deviations."""

SEED = 20260105
FIRST_TIME = np.datetime64("2026-01-05T10:00:00.000")
STEP = np.timedelta64(10, "ms")

BLOCK = 10_000
"""Number of records to generate at a time; records do not depend on the total number."""


@dataclass(frozen=True)
class Block:
    """Consecutive records.

    Parameters
    ----------
    first
        Id of the first record.
    matrix
        Features, shape ``(records, 10)``, as parsed from JSON.
    injected
        Whether each record is an injected anomaly.
    """

    first: int
    matrix: Matrix
    injected: npt.NDArray[np.bool_]

    @property
    def ids(self) -> range:
        """Ids of the records."""
        return range(self.first, self.first + len(self.matrix))


Stream: TypeAlias = Callable[[Block], list[tuple[bytes, bytes]]]
"""Writes the keys and values of a block's records."""


def blocks(
    count: int, *, marked: Collection[int] = (), seed: int = SEED, start: int = 0
) -> Iterator[Block]:
    """Generate the first `count` records.

    Parameters
    ----------
    count
        Number of records.
    marked
        Ids of additional records to make anomalies.
    seed
        Random seed.
    start
        Number of records to leave out at the beginning, a multiple of `BLOCK`.
    """
    marks = np.array(sorted(marked), dtype=np.intp)
    for first in range(start, count, BLOCK):
        rng = np.random.default_rng([seed, first])
        size = min(BLOCK, count - first)
        off = rng.standard_normal((BLOCK, len(FEATURES)))
        injected = rng.random(BLOCK) < INJECTED
        far = injected[:, np.newaxis] & (rng.random(off.shape) < 0.8)  # noqa: PLR2004
        here = marks[(marks >= first) & (marks < first + size)] - first
        injected[here] = True
        far[here] = True
        off += FAR * far
        matrix = MEANS + SPREADS * off
        for column, digits in enumerate(DECIMALS):
            matrix[:, column] = np.round(matrix[:, column], digits)
        yield Block(first, matrix[:size], injected[:size])


def transactions(block: Block) -> list[tuple[bytes, bytes]]:
    """Write the keys and values of a block's records."""
    keys = [entity(number).encode() for number in block.ids]
    return list(zip(keys, values(block), strict=True))


def values(block: Block) -> list[bytes]:
    """Encode the records of a block as JSON."""
    times = np.datetime_as_string(FIRST_TIME + np.array(block.ids) * STEP, unit="ms")
    return [
        (
            f'{{"id": {number}, "entity": "{entity(number)}", "time": "{time}Z", "features": {{'
            + ", ".join([f'"{name}": {value!r}' for name, value in zip(FEATURES, row, strict=True)])
            + "}}"
        ).encode()
        for number, time, row in zip(block.ids, times, block.matrix.tolist(), strict=True)
    ]


def entity(number: int) -> str:
    """Return the entity of a record, which is also its key."""
    return f"card-{number * 7919 % ENTITIES}"


def marks(count: int, partitions: int, *, warm_up: int) -> set[int]:
    """Return the ids of markers: the last record, and the last of the warm-up, in each partition.

    They are anomalies, so that the progress of a system can be observed.

    Parameters
    ----------
    count
        Number of records of a topic.
    partitions
        Record ``id`` goes to partition ``id % partitions``.
    warm_up
        Number of records of the warm-up.
    """
    return {
        end - 1 - partition
        for end in (warm_up, count)
        for partition in range(partitions)
        if end - 1 - partition >= 0
    }
