"""What would have been expected in place of a value, given the others beside it."""

import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.oddness import Oddness
from anomaly_app.core.model.schema import FeatureSchema

ALIKE = 15
"""Ordinary rows most like a transaction that tell what it would have been."""

FARTHEST = 3.0
"""Standard deviations at which two values are as different as can be: so one wild value, whose
own feature is not the one in question, does not decide which rows are alike."""

MOST = 0.5
"""Share of the alike rows above which a value that they lack is expected to be missing."""


class Expectation:
    """Expect each value from the ordinary rows that are most like its row in all other features.

    Parameters
    ----------
    schema
        Tells numbers from categories.
    ordinary
        Ordinary rows, shape ``(some, features)``, at least one; NaN is missing.
    """

    def __init__(self, schema: FeatureSchema, ordinary: Matrix) -> None:
        self._otherwise = schema.expected
        self._categories = [i for i, f in enumerate(schema.features) if f.kind == "category"]
        self._scaled = None if schema.scales is None else schema.scales.scaled
        # A feature's values lie side by side: they are compared and sorted feature by feature.
        self._columns = np.ascontiguousarray(ordinary.T)
        self._gaps = np.isnan(self._columns)
        self._has_gaps = bool(self._gaps.any())
        self._oddness = Oddness(schema, ordinary)
        self._spread = _spread(ordinary)[:, np.newaxis]

    def of(self, matrix: Matrix) -> tuple[Matrix, Matrix]:
        """Expect the values of some rows.

        Parameters
        ----------
        matrix
            The rows in question, shape ``(rows, features)``; NaN is missing.

        Returns
        -------
        expected : Matrix
            The median of a number and the most frequent code of a category among the `ALIKE`
            rows; the schema's expected value where these have none, and where numbers are scaled
            by their series; shape ``(rows, features)``.
        odd : Matrix
            How odd the value is in place of the expected one, see `Oddness.of`; 0 where it is
            missing in most of the `ALIKE` rows as well.
        """
        expected = np.empty_like(matrix)
        usual_gaps = np.zeros(matrix.shape, dtype=bool)
        with np.errstate(over="ignore"):  # hostile values are as far as can be, not an error
            for i, row in enumerate(matrix):
                alike = self._alike(row[:, np.newaxis])
                expected[i] = self._usual(alike)
                if self._has_gaps:
                    usual_gaps[i] = np.isnan(alike).mean(axis=1) > MOST
        odd = self._oddness.of(matrix, expected)
        # What the alike rows lack, too, is not odd.
        return expected, np.where(np.isnan(matrix) & usual_gaps, 0.0, odd)

    def _alike(self, row: Matrix) -> Matrix:
        """Values of each feature in the rows that are most like one in all others."""
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
        # Rows that are alike may be of series that vary in another way.
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
        """Per feature how far the ordinary rows' values are from one, 0 to `FARTHEST`."""
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
