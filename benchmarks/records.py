"""The records that every system reads: made from a seed, the same bytes in every run."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Matrix

FEATURES = tuple(f"f{index}" for index in range(10))
MEANS = np.array([24.0, 3.5, 120.0, 0.5, 61.0, 8.2, 1500.0, 0.07, 45.0, 5.0])
SPREADS = np.array([6.0, 0.9, 30.0, 0.1, 15.0, 2.0, 400.0, 0.015, 11.0, 1.2])
DECIMALS = np.array([2, 3, 2, 4, 2, 3, 1, 4, 2, 3])
"""Digits after the point, so that values have 2 to 5 digits, as payloads do."""

ENTITIES = 400
PLANTED = 0.001
"""Share of records that are made anomalous."""

FAR = 12.0
"""Spreads by which a planted anomaly lies off, in most of its features."""

SEED = 20260105
FIRST_TIME = np.datetime64("2026-01-05T10:00:00.000")
STEP = np.timedelta64(10, "ms")

BLOCK = 10_000
"""Records that are made at once; the n-th record does not depend on how many are made."""


@dataclass(frozen=True)
class Block:
    """Consecutive records.

    Parameters
    ----------
    first
        The id of the first one.
    matrix
        Features, shape ``(records, 10)``, as they read after a round trip through the text.
    planted
        Whether each record was made anomalous.
    """

    first: int
    matrix: Matrix
    planted: npt.NDArray[np.bool_]

    @property
    def ids(self) -> range:
        """Ids of the records."""
        return range(self.first, self.first + len(self.matrix))


def blocks(count: int, *, marked: Collection[int] = (), seed: int = SEED) -> Iterator[Block]:
    """Make the first `count` records.

    Parameters
    ----------
    count
        How many.
    marked
        Ids of records that are clear anomalies, besides those that chance plants.
    seed
        Of everything random.
    """
    marks = np.array(sorted(marked), dtype=np.intp)
    for first in range(0, count, BLOCK):
        rng = np.random.default_rng([seed, first])
        size = min(BLOCK, count - first)
        off = rng.standard_normal((BLOCK, len(FEATURES)))
        planted = rng.random(BLOCK) < PLANTED
        far = planted[:, np.newaxis] & (rng.random(off.shape) < 0.8)  # noqa: PLR2004
        here = marks[(marks >= first) & (marks < first + size)] - first
        planted[here] = True
        far[here] = True
        off += FAR * far
        matrix = MEANS + SPREADS * off
        for column, digits in enumerate(DECIMALS):
            matrix[:, column] = np.round(matrix[:, column], digits)
        yield Block(first, matrix[:size], planted[:size])


def values(block: Block) -> list[bytes]:
    """Write the records of a block as JSON, one transaction each."""
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
    """Give the entity, which is also the key, of a record."""
    return f"card-{number * 7919 % ENTITIES}"


def marks(count: int, partitions: int, *, warm_up: int) -> set[int]:
    """Give the ids that must be anomalies: in each partition the warm-up's last and the last.

    Parameters
    ----------
    count
        Records of a topic.
    partitions
        Record ``id`` goes to partition ``id % partitions``.
    warm_up
        Records that do not count.
    """
    return {
        end - 1 - partition
        for end in (warm_up, count)
        for partition in range(partitions)
        if end - 1 - partition >= 0
    }
