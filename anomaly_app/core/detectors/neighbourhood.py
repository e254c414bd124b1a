"""How far the nearest rows are, and how far these are from their own neighbours."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.compiled import DOUBLES, compiled
from anomaly_app.core.detectors.references import References

AROUND = 10
"""Neighbours used for local density; at least twice those of a distance."""

CLOSEST = 1e-9
"""Added to distances before their logarithm: equal rows are at distance 0."""

SINGLE_ROWS = numba.types.Array(numba.float32, 2, "C")
LONG_ROWS = numba.types.Array(numba.int64, 2, "C")


class Neighbourhood:
    """Reference rows, each with the local density around it.

    Parameters
    ----------
    rows
        Scaled, at least two, shape ``(references, features)``.
    n_neighbors
        Number of neighbours for a distance, at least 1; fewer if there are fewer references.
    random
        Seeds the clustering of the references.

    Notes
    -----
    The logarithm of a row's mean distance to its neighbours relative to theirs is the simplified
    local outlier factor: Schubert, Zimek and Kriegel, *Local outlier detection reconsidered*, 2014.
    """

    def __init__(self, rows: Matrix, n_neighbors: int, random: np.random.RandomState) -> None:
        self._references = References(rows, random)
        self._near = n_neighbors
        self._around = min(max(AROUND, 2 * n_neighbors), len(rows) - 1)
        # With logarithms of 0 for the neighbours, the results are those of the references.
        self._own_logs: Vector = np.zeros(len(rows))
        _, self._own_logs = self._measure(rows, held_out=True)

    def measure(self, rows: Matrix) -> tuple[Vector, Vector]:
        """Measure rows, high = abnormal.

        Parameters
        ----------
        rows
            Scaled, shape ``(rows, features)``.

        Returns
        -------
        distances : Vector
            Mean distances to the nearest ``n_neighbors``, shape ``(rows,)``.
        local : Vector
            Logarithms of the mean distances to the neighbours relative to the neighbours' own,
            shape ``(rows,)``.
        """
        return self._measure(rows, held_out=False)

    def measure_held_out(self, rows: Matrix) -> tuple[Vector, Vector]:
        """Like `measure`, but a reference does not count as its own neighbour."""
        return self._measure(rows, held_out=True)

    def _measure(self, rows: Matrix, *, held_out: bool) -> tuple[Vector, Vector]:
        squared, indices = self._references.nearest_with_indices(rows, self._around + held_out)
        distances, logs = _measured(squared, indices, self._own_logs, self._near, held_out)
        return distances, logs


@compiled(numba.float64[:, ::1](SINGLE_ROWS, LONG_ROWS, DOUBLES, numba.int64, numba.boolean))
def _measured(squared: Any, indices: Any, own_logs: Any, near: Any, held_out: Any) -> Any:
    rows, found = squared.shape
    measured = np.empty((2, rows))
    distances, logs = measured
    for i in range(rows):
        first = 1 if held_out and squared[i, 0] == 0.0 else 0
        last = found - 1 if held_out and first == 0 else found
        many = last - first
        total = total_near = total_logs = 0.0
        for j in range(many):
            total += np.sqrt(np.float64(squared[i, first + j]))
            total_logs += own_logs[indices[i, first + j]]
            if j < near:
                total_near = total
        distances[i] = total_near / min(near, many)
        logs[i] = np.log(total / many + CLOSEST) - total_logs / many
    return measured
