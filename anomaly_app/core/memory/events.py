"""Events as columns, and what was counted on the way."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Indices, Integers, Matrix, Vector
from anomaly_app.core.hours import local_seconds
from anomaly_app.core.times import milliseconds

Hashes = npt.NDArray[np.uint64]
"""64-bit hashes of keys or texts; 0 is a missing one."""


class Events(NamedTuple):
    """Events of one partition, in the order of their offsets."""

    offsets: Integers
    keys: Hashes
    """Hashes of the entities, as `hashing.hash_texts` makes them. 0: no entity, so that the
    features are those of one without a past, and nothing is remembered."""
    times: Integers
    """Milliseconds since the epoch; outside of 1970 to 2100 they are cut to that."""
    local: Integers
    """The same in local time."""
    numbers: Matrix
    """A column for each of the plan's numbers. What is not finite is missing, and what is beyond
    `tables.LARGEST` is cut to that."""
    texts: Hashes
    """A column for each of the plan's texts: hashes."""

    @classmethod
    def of(
        cls,
        offsets: Integers,
        keys: Hashes,
        times: Vector,
        timezone: str,
        numbers: Sequence[Vector],
        texts: Sequence[Hashes],
    ) -> "Events":
        """Put events together: training and workers do it here, so that they cannot differ.

        Parameters
        ----------
        offsets, keys
            See the fields.
        times
            Seconds since the epoch.
        timezone
            IANA time zone of the local times.
        numbers, texts
            Their columns.
        """
        rows = len(offsets)
        return cls(
            offsets,
            keys,
            milliseconds(times),
            milliseconds(local_seconds(times, timezone)),
            np.column_stack(numbers) if numbers else np.empty((rows, 0)),
            np.column_stack(texts) if texts else np.empty((rows, 0), dtype=np.uint64),
        )

    def checked(self, numbers: int, texts: int) -> "Events":
        """Return the events as the compiled loop reads them, which checks nothing.

        Raises
        ------
        ValueError
            Columns do not have a row for each event, or are too few or too many.
        """
        columns = Events(
            offsets=np.ascontiguousarray(self.offsets, np.int64),
            keys=np.ascontiguousarray(self.keys, np.uint64),
            times=np.ascontiguousarray(self.times, np.int64),
            local=np.ascontiguousarray(self.local, np.int64),
            numbers=np.ascontiguousarray(self.numbers, np.float64),
            texts=np.ascontiguousarray(self.texts, np.uint64),
        )
        many = (len(self.offsets),)
        shapes = [many] * 4 + [(*many, numbers), (*many, texts)]
        if [column.shape for column in columns] != shapes:
            raise ValueError(f"events of {[c.shape for c in columns]} instead of {shapes}")
        return columns

    def take(self, rows: Indices) -> "Events":
        """Return some of the events, in the given order."""
        return Events(
            self.offsets[rows],
            self.keys[rows],
            self.times[rows],
            self.local[rows],
            self.numbers[rows],
            self.texts[rows],
        )


class Counts(NamedTuple):
    """What a partition's memory holds, and what it had to leave out since it was made.

    Events that are replayed are not counted again.
    """

    entities: int
    late: int
    """Events that were too late to be applied."""
    evicted: int
    """Entities forgotten for others, since their block was full."""
    saturated: int
    """Additions to a cell that was full: its sum is too small from then on."""
