"""The value that would have been expected, given the other values of the row."""

import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.oddness import Oddness
from anomaly_app.core.model.schema import FeatureSchema

ALIKE = 15
"""Number of most similar ordinary rows that the expectation is derived from."""

FARTHEST = 3.0
"""Standard deviations at which two values count as maximally different, so that one extreme value
of another feature does not decide which rows are similar."""

MOST = 0.5
"""Share of the similar rows without a value above which it is expected to be missing."""


class Expectation:
    """Derive expected values from the ordinary rows that are most similar in all other features.

    Parameters
    ----------
    schema
        Distinguishes numbers from categories.
    ordinary
        Ordinary rows, shape ``(some, features)``, at least one; NaN is missing.
    """

    def __init__(self, schema: FeatureSchema, ordinary: Matrix) -> None:
        self._otherwise = schema.expected
        self._categories = [i for i, f in enumerate(schema.features) if f.kind == "category"]
        self._scaled = None if schema.scales is None else schema.scales.scaled
        # A feature's values are contiguous: they are compared and sorted feature by feature.
        self._columns = np.ascontiguousarray(ordinary.T)
        self._gaps = np.isnan(self._columns)
        self._has_gaps = bool(self._gaps.any())
        self._oddness = Oddness(schema, ordinary)
        self._spread = _spread(ordinary)[:, np.newaxis]

    @property
    def ordinary(self) -> Matrix:
        """The ordinary rows, shape ``(some, features)``."""
        return self._columns.T

    def distances(self, row: Vector) -> Vector:
        """Return how far the ordinary rows are from a row, shape ``(some,)``.

        Parameters
        ----------
        row
            Shape ``(features,)``; NaN is missing.

        Returns
        -------
        Vector
            Mean over the features of the difference in standard deviations, at most `FARTHEST`.
        """
        with np.errstate(over="ignore"):
            apart: Vector = self._apart(row[:, np.newaxis]).mean(axis=0)
        return apart

    def of(self, matrix: Matrix) -> tuple[Matrix, Matrix]:
        """Return the expected values of some rows.

        Parameters
        ----------
        matrix
            The rows in question, shape ``(rows, features)``; NaN is missing.

        Returns
        -------
        expected : Matrix
            The median of a number or the most frequent code of a category among the `ALIKE`
            rows; the schema's expected value if these have none, or if numbers are scaled by
            their series; shape ``(rows, features)``.
        odd : Matrix
            How odd the value is compared with the expected one, see `Oddness.of`; 0 if it is
            also missing in most of the `ALIKE` rows.
        """
        expected = np.empty_like(matrix)
        usual_gaps = np.zeros(matrix.shape, dtype=bool)
        with np.errstate(over="ignore"):  # hostile values are maximally far away, not an error
            for i, row in enumerate(matrix):
                alike = self._alike(row[:, np.newaxis])
                expected[i] = self._usual(alike)
                if self._has_gaps:
                    usual_gaps[i] = np.isnan(alike).mean(axis=1) > MOST
        odd = self._oddness.of(matrix, expected)
        # A gap that the similar rows have, too, is not odd.
        return expected, np.where(np.isnan(matrix) & usual_gaps, 0.0, odd)

    def _alike(self, row: Matrix) -> Matrix:
        """Return the values of each feature in the rows most similar in all other features."""
        apart = self._apart(row)
        others = apart.sum(axis=0) - apart
        least = min(ALIKE, others.shape[1])
        nearest = np.argpartition(others, least - 1, axis=1)[:, :least]
        return np.take_along_axis(self._columns, nearest, axis=1)

    def _usual(self, alike: Matrix) -> Vector:
        usual = self._medians(alike)
        for j in self._categories:
            codes, counts = np.unique(alike[j, ~np.isnan(alike[j])], return_counts=True)
            usual[j] = codes[np.argmax(counts)] if len(codes) else self._otherwise[j]
        # Similar rows may belong to series that vary differently.
        return usual if self._scaled is None else np.where(self._scaled, self._otherwise, usual)

    def _medians(self, alike: Matrix) -> Vector:
        alike = np.sort(alike, axis=1)  # missing values come last
        if not self._has_gaps:
            middle: Vector = alike[:, (alike.shape[1] - 1) // 2]
            return middle
        many = (~np.isnan(alike)).sum(axis=1)
        medians = alike[np.arange(len(alike)), np.maximum(many - 1, 0) // 2]
        return np.where(many > 0, medians, self._otherwise)

    def _apart(self, row: Matrix) -> Matrix:
        """Return per feature how far ordinary rows' values are from the row's, 0 to `FARTHEST`."""
        numbers: Matrix = np.minimum(np.abs(self._columns - row) / self._spread, FARTHEST)
        missing = np.isnan(row)
        if self._has_gaps or missing.any():
            either = np.where(self._gaps & missing, 0.0, FARTHEST)
            numbers = np.where(self._gaps | missing, either, numbers)
        for j in self._categories:
            numbers[j] = np.where(numbers[j] > 0.0, FARTHEST, 0.0)
        return numbers


def _spread(ordinary: Matrix) -> Vector:
    known = ~np.isnan(ordinary)
    many = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, ordinary, 0.0)
    mean = filled.sum(axis=0) / many
    deviation = np.sqrt(np.where(known, np.square(ordinary - mean), 0.0).sum(axis=0) / many)
    return np.where(deviation > 0.0, deviation, 1.0)
