"""Past transactions as one table."""

from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Vector
from anomaly_app.core.memory.spec import MemorySpec
from anomaly_app.core.roles.roles import Roles

Labels: TypeAlias = npt.NDArray[np.bool_]
"""Whether each row is an anomaly, shape ``(rows,)``."""


@dataclass(frozen=True)
class History:
    """Transactions as a table.

    Parameters
    ----------
    source
        Name of the file or folder.
    frame
        The features, by their names.
    entities, ids
        One for each row, or None.
    times
        Seconds since the epoch of each row, increasing; or None.
    labels
        Whether each row was an anomaly, or None.
    labelled
        Whether each row has a label; None: all have. The label of rows without one is False, and
        has no meaning.
    roles
        The roles of the columns, set or inferred.
    warnings
        Warnings about the files, one line each.
    whole
        Number of rows before some were selected; None: these are all.
    memory
        What the columns named after its features remember; None: there are none.
    only_remembered
        Columns that the memory reads, and that are no features themselves.
    places
        Topic, partition and offset of each row as in the ids of anomalies, ``transactions-3-1042``;
        None if the rows are not from a topic.
    certain
        Whether each row is known to be ordinary, and must be learnt as such; None: none is.
    """

    source: str
    frame: pl.DataFrame
    entities: pl.Series | None = None
    ids: pl.Series | None = None
    times: Vector | None = None
    labels: Labels | None = None
    labelled: Labels | None = None
    roles: Roles = Roles()  # noqa: RUF009  # it is frozen
    warnings: tuple[str, ...] = ()
    whole: int | None = None
    memory: MemorySpec | None = None
    only_remembered: tuple[str, ...] = ()
    places: pl.Series | None = None
    certain: Labels | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def label_of(self, row: int) -> bool | None:
        """Return the label of a row; None if it has none."""
        if self.labels is None or (self.labelled is not None and not self.labelled[row]):
            return None
        return bool(self.labels[row])

    @property
    def has_both_labels(self) -> bool:
        """Whether there are labels of both kinds."""
        known, _ = self.known_labels
        return known is not None and bool(known.any() and not known.all())

    @property
    def known_labels(self) -> tuple[Labels | None, Any]:
        """The labels of the rows that have one, and an index that selects these rows."""
        if self.labels is None or self.labelled is None:
            return self.labels, ...
        return self.labels[self.labelled], self.labelled

    def take(self, rows: npt.NDArray[np.intp]) -> Self:
        """Select rows, in the given order."""
        return type(self)(
            source=self.source,
            frame=self.frame[rows],
            entities=self.entities.gather(rows) if self.entities is not None else None,
            ids=self.ids.gather(rows) if self.ids is not None else None,
            times=self.times[rows] if self.times is not None else None,
            labels=self.labels[rows] if self.labels is not None else None,
            labelled=self.labelled[rows] if self.labelled is not None else None,
            roles=self.roles,
            warnings=self.warnings,
            whole=self.whole or len(self),
            memory=self.memory,
            only_remembered=self.only_remembered,
            places=self.places.gather(rows) if self.places is not None else None,
            certain=self.certain[rows] if self.certain is not None else None,
        )

    def split(self, share: float, *, each_entity: bool = False) -> tuple[Self, Self]:
        """Split into a first part with this share of the rows, and the rest.

        Parameters
        ----------
        share
            0 to 1.
        each_entity
            Split the rows of each entity separately, for series recorded one after another.
        """
        index = np.arange(len(self))
        size = np.full(len(self), len(self))
        if each_entity and self.entities is not None:
            frame = pl.DataFrame({"entity": self.entities})
            index = frame.select(pl.int_range(pl.len()).over("entity")).to_series().to_numpy()
            size = frame.select(pl.len().over("entity")).to_series().to_numpy()
        first = index < np.floor(size * share)
        return self.take(np.flatnonzero(first)), self.take(np.flatnonzero(~first))
