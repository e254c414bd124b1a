"""Scale numbers relative to the centre and spread of their own series."""

from collections.abc import Iterable
from functools import cached_property
from typing import TypeAlias

import msgspec
import numpy as np

from anomaly_app.core.arrays import Flags, Indices, Matrix

Entities: TypeAlias = Iterable[str | None]
"""The entity of each row."""


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Centre and spread of the numbers of a series.

    Parameters
    ----------
    centres, spreads
        One per feature of the schema; 0 and 1 if it is not scaled.
    """

    centres: tuple[float, ...]
    spreads: tuple[float, ...]


class Scales(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The scale of each series in the training data, and one for all others.

    Parameters
    ----------
    series
        Scales by entity.
    pooled
        Scale of all series together.
    """

    series: dict[str, Scale]
    pooled: Scale

    def apply(self, matrix: Matrix, entities: Entities) -> Matrix:
        """Scale each row by its own series; shape ``(rows, features)``."""
        indices = self._indices(entities)
        scaled: Matrix = (matrix - self._centres[indices]) / self._spreads[indices]
        return scaled

    def revert(self, matrix: Matrix, entities: Entities) -> Matrix:
        """Undo `apply`: return rows in their original units."""
        indices = self._indices(entities)
        raw: Matrix = matrix * self._spreads[indices] + self._centres[indices]
        return raw

    @cached_property
    def scaled(self) -> Flags:
        """Whether each feature is scaled."""
        changed: Flags = np.not_equal(self._centres, 0.0)
        changed |= np.not_equal(self._spreads, 1.0)
        return np.asarray(changed.any(axis=0), dtype=np.bool_)

    def _indices(self, entities: Entities) -> Indices:
        index, pooled = self._index.get, len(self.series)
        return np.array([index(entity, pooled) for entity in entities], dtype=np.intp)

    @cached_property
    def _index(self) -> dict[str | None, int]:
        return {entity: index for index, entity in enumerate(self.series)}

    @cached_property
    def _centres(self) -> Matrix:
        return np.array([scale.centres for scale in (*self.series.values(), self.pooled)])

    @cached_property
    def _spreads(self) -> Matrix:
        return np.array([scale.spreads for scale in (*self.series.values(), self.pooled)])
