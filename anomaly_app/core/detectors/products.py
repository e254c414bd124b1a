"""Matrix products whose rows do not depend on how many rows are multiplied at once.

A linear algebra library picks the order of additions by the shapes of the matrices, so the last
digit of a row's score would depend on the other records in its batch, and a record that is scored
again after a crash would get a slightly different one. Here the order is always the same.
"""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.compiled import DOUBLE_MATRIX, compiled


def product(matrix: Matrix, weights: Matrix) -> Matrix:
    """Multiply rows by weights, shape ``(rows, columns of weights)``.

    Parameters
    ----------
    matrix
        Shape ``(rows, features)``.
    weights
        Shape ``(features, columns)``.
    """
    multiplied: Matrix = _product(np.ascontiguousarray(matrix), np.ascontiguousarray(weights))
    return multiplied


def column_sums(matrix: Matrix) -> Vector:
    """Add up each column from the first row to the last, shape ``(columns,)``."""
    sums: Vector = product(np.ones((1, len(matrix))), matrix)[0]
    return sums


@compiled(numba.float64[:, ::1](DOUBLE_MATRIX, DOUBLE_MATRIX))
def _product(matrix: Any, weights: Any) -> Any:
    rows, features = matrix.shape
    columns = weights.shape[1]
    multiplied = np.zeros((rows, columns))
    for row in range(rows):
        for feature in range(features):
            value = matrix[row, feature]
            for column in range(columns):
                multiplied[row, column] += value * weights[feature, column]
    return multiplied
