"""Nearest neighbours: how far it is to the next ordinary rows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.distances import (
    single_precision,
    squared_distances_to_nearest,
    transposed,
)
from anomaly_app.core.detectors.scaling import Scaling, make_scaler
from anomaly_app.core.schema import Matrix


@dataclass(kw_only=True, eq=False, repr=False)
class NearestNeighbors(Detector):
    """The mean Euclidean distance to the nearest training rows.

    Parameters
    ----------
    n_neighbors
        How many of them; fewer where there are fewer training rows.
    scaling
        ``standard``, ``normal_scores`` or ``none``; see `anomaly_app.core.detectors.scaling`.
    max_rows, trim, contamination, random_state
        See `Detector`. The cost of a score grows with the rows.

    Notes
    -----
    Ramaswamy, Rastogi and Shim, 2000; the mean of the distances: Angiulli and Pizzuti, 2002.
    Distances are computed in single precision by a compiled loop, since scikit-learn's search
    spends more on a small batch than the search itself takes.
    """

    n_neighbors: int = 5
    scaling: Scaling = "standard"
    max_rows: int | None = 5_000

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:  # noqa: ARG002
        self._scaler = make_scaler(self.scaling, rows)
        self._reference = transposed(self._scaler(rows))
        self._neighbors = min(self.n_neighbors, len(rows))

    def score_rows(self, matrix: Matrix) -> Matrix:
        """Score rows without checks; see `Detector`."""
        rows = single_precision(self._scaler(matrix))
        nearest = squared_distances_to_nearest(rows, self._reference, self._neighbors)
        return _mean_distance(nearest)

    def held_out_scores(self, rows: Matrix) -> Matrix:
        """Score rows without counting a row as its own neighbour; see `Detector`."""
        scaled = single_precision(self._scaler(rows))
        most = min(self._neighbors + 1, self._reference.shape[1])
        nearest = squared_distances_to_nearest(scaled, self._reference, most)
        others = nearest[:, min(1, most - 1) :]
        itself = nearest[:, 0] == 0.0
        return np.where(
            itself, _mean_distance(others), _mean_distance(nearest[:, : self._neighbors])
        )


def _mean_distance(squared: npt.NDArray[np.float32]) -> Matrix:
    scores: Matrix = -np.sqrt(squared, dtype=np.float64).mean(axis=1)
    return scores
