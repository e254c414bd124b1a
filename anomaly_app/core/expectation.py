"""What would have been expected in place of a value, given the others beside it."""

import numpy as np
import numpy.typing as npt

from anomaly_app.core.schema import FeatureSchema, Matrix

ALIKE = 15
"""Ordinary rows most like a transaction that tell what it would have been."""

FARTHEST = 3.0
"""Standard deviations at which two values are as different as can be: so one wild value, whose
own feature is not the one in question, does not decide which rows are alike."""

MOST = 0.5
"""Share of the rows alike without a value above which it is expected to be missing."""


def expected_values(
    schema: FeatureSchema, ordinary: Matrix, matrix: Matrix
) -> tuple[Matrix, Matrix]:
    """Expect each value from the ordinary rows that are most like its row in all other features.

    Parameters
    ----------
    schema
        Tells numbers from categories.
    ordinary
        Ordinary rows, shape ``(some, features)``; NaN is missing.
    matrix
        The rows in question, shape ``(rows, features)``; NaN is missing.

    Returns
    -------
    expected : Matrix
        The median of a number and the most frequent code of a category among the `ALIKE` rows,
        the schema's expected value where these have none; shape ``(rows, features)``.
    distance : Matrix
        From the value to the expected one, 0 to `FARTHEST`; 0 where it is missing in most of the
        `ALIKE` rows as well.
    """
    is_category = np.array([f.kind == "category" for f in schema.features])
    spread = _spread(ordinary)
    expected = np.empty_like(matrix)
    distance = np.empty_like(matrix)
    for i, row in enumerate(matrix):
        apart = _apart(ordinary, row, spread, is_category)
        others = apart.sum(axis=1, keepdims=True) - apart
        nearest = np.argpartition(others, min(ALIKE, len(ordinary)) - 1, axis=0)[:ALIKE]
        alike = np.take_along_axis(ordinary, nearest, axis=0)
        expected[i] = _medians(alike, schema.expected)
        for j in np.flatnonzero(is_category):
            codes, counts = np.unique(alike[~np.isnan(alike[:, j]), j], return_counts=True)
            expected[i, j] = codes[np.argmax(counts)] if len(codes) else schema.expected[j]
        distance[i] = _apart(expected[i : i + 1], row, spread, is_category)[0]
        # What these rows lack, too, is not odd.
        distance[i, np.isnan(row) & (np.isnan(alike).mean(axis=0) > MOST)] = 0.0
    return expected, distance


def _spread(ordinary: Matrix) -> Matrix:
    known = ~np.isnan(ordinary)
    many = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, ordinary, 0.0)
    mean = filled.sum(axis=0) / many
    deviation = np.sqrt(np.where(known, np.square(ordinary - mean), 0.0).sum(axis=0) / many)
    return np.where(deviation > 0.0, deviation, 1.0)


def _medians(rows: Matrix, otherwise: Matrix) -> Matrix:
    ordered = np.sort(rows, axis=0)  # missing values come last
    many = (~np.isnan(rows)).sum(axis=0)
    middle = ordered[np.maximum(many - 1, 0) // 2, np.arange(rows.shape[1])]
    return np.where(many > 0, middle, otherwise)


def _apart(rows: Matrix, row: Matrix, spread: Matrix, is_category: npt.NDArray[np.bool_]) -> Matrix:
    """Per feature how far rows are from one row, 0 to `FARTHEST`."""
    with np.errstate(over="ignore"):  # hostile values are as far as can be, not an error
        numbers = np.minimum(np.abs(rows - row) / spread, FARTHEST)
    missing = np.isnan(numbers)
    numbers[missing] = np.where(np.isnan(rows) & np.isnan(row), 0.0, FARTHEST)[missing]
    return np.where(is_category & (numbers > 0.0), FARTHEST, numbers)
