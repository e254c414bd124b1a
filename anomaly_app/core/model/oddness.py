"""How odd a value is compared with the expected one."""

import numpy as np

from anomaly_app.core.arrays import Integers, Matrix, Vector
from anomaly_app.core.model.schema import FeatureSchema

MOST_RANGES = 2.0
"""Maximum distance from the expected value, in ranges of the ordinary values."""


class Oddness:
    """Measure how far values are from the expected ones, and how rare they are in ordinary rows.

    Parameters
    ----------
    schema
        Distinguishes numbers from categories.
    ordinary
        Ordinary rows, shape ``(some, features)``, at least one; NaN is missing.
    """

    def __init__(self, schema: FeatureSchema, ordinary: Matrix) -> None:
        self._columns = np.ascontiguousarray(ordinary.T)
        known = ~np.isnan(self._columns)
        self._known = known.sum(axis=1)
        everywhere = np.full(len(self._columns), len(ordinary))
        self._of_gaps = _rarity(everywhere - self._known, everywhere)
        self._categories = np.array([feature.kind == "category" for feature in schema.features])
        greatest = np.where(known, self._columns, -np.inf).max(axis=1)
        least = np.where(known, self._columns, np.inf).min(axis=1)
        half = greatest / 2.0 - least / 2.0  # no difference of halves overflows
        self._has_range = (half > 0.0) & ~self._categories
        self._half_range = np.where(self._has_range, half, 1.0)

    def of(self, matrix: Matrix, expected: Matrix) -> Matrix:
        """Return how odd values are, 0 to `MOST_RANGES`.

        It is the distance from the expected value times the rarity. The distance of numbers is in
        ranges (maximum minus minimum) of the ordinary rows; categories, and numbers that never
        vary, are 1 apart if they differ. If `count` of n ordinary rows have the value, or one even
        farther on its side, its rarity is 1 - log(1 + count) / log(1 + n), 0 to 1. A missing value
        is as odd as it is rare.

        Parameters
        ----------
        matrix
            The rows in question, shape ``(rows, features)``; NaN is missing.
        expected
            The expected values, of the same shape, without NaN.
        """
        odd = np.empty_like(matrix)
        with np.errstate(over="ignore"):  # hostile values are maximally far away, not an error
            for i, (row, usual) in enumerate(zip(matrix, expected, strict=True)):
                ranges = np.abs(row / 2.0 - usual / 2.0) / self._half_range
                apart = np.where(self._has_range, np.minimum(ranges, MOST_RANGES), row != usual)
                odd[i] = apart * self._rarity(row, usual)
        return np.where(np.isnan(matrix), self._of_gaps, odd)

    def _rarity(self, row: Vector, usual: Vector) -> Vector:
        above, below = (row >= usual) & ~self._categories, (row <= usual) & ~self._categories
        columns, values = self._columns, row[:, np.newaxis]
        as_far = columns == values
        as_far |= (columns > values) & above[:, np.newaxis]
        as_far |= (columns < values) & below[:, np.newaxis]
        return _rarity(as_far.sum(axis=1), self._known)


def _rarity(counts: Integers, among: Integers) -> Vector:
    """Return 1 for values that no row has, 0 for those that all have."""
    rarity: Vector = 1.0 - np.log1p(counts) / np.log1p(np.maximum(among, 1))
    return rarity
