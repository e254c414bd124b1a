"""Distances to the nearest of many reference rows, without a matrix of all distances."""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from anomaly_app.core.compiled import SINGLE_MATRIX, compiled
from anomaly_app.core.schema import Matrix

BLOCK = 256
"""Reference rows that are compared together: their distances stay in the nearest cache."""


@compiled(numba.float32[:, ::1](SINGLE_MATRIX, SINGLE_MATRIX, numba.int64))
def squared_distances_to_nearest(rows: Any, reference_columns: Any, k: int) -> Any:
    """Squared Euclidean distances to the k nearest reference rows, increasing.

    Parameters
    ----------
    rows
        Shape ``(rows, features)``, single precision.
    reference_columns
        Shape ``(features, references)``, single precision: the reference rows, transposed, so
        that the innermost loop runs over neighbours in memory.
    k
        1 to the number of references.

    Returns
    -------
    ndarray
        Shape ``(rows, k)``, single precision.
    """
    features, references = reference_columns.shape
    nearest = np.full((len(rows), k), np.inf, np.float32)
    distances = np.empty(BLOCK, np.float32)
    for i in range(len(rows)):
        best = nearest[i]
        for first in range(0, references, BLOCK):
            many = min(BLOCK, references - first)
            distances[:many] = 0.0
            for j in range(features):
                value = rows[i, j]
                column = reference_columns[j, first : first + many]
                for t in range(many):
                    difference = value - column[t]
                    distances[t] += difference * difference
            for t in range(many):
                distance = distances[t]
                if distance < best[k - 1]:
                    place = k - 1
                    while place > 0 and best[place - 1] > distance:
                        best[place] = best[place - 1]
                        place -= 1
                    best[place] = distance
    return nearest


def single_precision(matrix: Matrix) -> npt.NDArray[np.float32]:
    """Lay rows out as `squared_distances_to_nearest` reads them."""
    return np.array(matrix, dtype=np.float32, order="C")


def transposed(reference: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Lay reference rows out as `squared_distances_to_nearest` reads them."""
    return np.ascontiguousarray(reference.T, dtype=np.float32)
