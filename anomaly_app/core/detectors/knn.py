"""Nearest neighbours: how far away the nearest ordinary rows are."""

from dataclasses import dataclass

import numpy as np

from anomaly_app.core.arrays import Matrix, Matrix32, Vector
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.references import References
from anomaly_app.core.detectors.scaling import Scaling, make_scaler


@dataclass(kw_only=True, eq=False, repr=False)
class NearestNeighborsDetector(Detector):
    """The mean Euclidean distance to the nearest training rows.

    Parameters
    ----------
    n_neighbors
        Number of neighbours; fewer if there are fewer training rows.
    scaling
        ``standard``, ``robust``, ``normal_scores`` or ``none``; see
        `anomaly_app.core.detectors.scaling`.
    max_rows, trim, contamination, random_state
        See `Detector`. The cost per score hardly grows with the training rows; see `References`.

    Notes
    -----
    Ramaswamy, Rastogi and Shim, 2000; the mean of the distances: Angiulli and Pizzuti, 2002.
    Distances are computed in single precision by a compiled search, since for a small batch the
    overhead of scikit-learn's is larger than the search itself.
    """

    n_neighbors: int = 5
    scaling: Scaling = "standard"
    max_rows: int | None = 5_000

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        self._scaler = make_scaler(self.scaling, rows)
        self._references = References(self._scaler(rows), random)
        self._learnt = len(rows)
        self._neighbors = min(self.n_neighbors, len(rows))

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        return _mean_distance(self._references.nearest(self._scaler(matrix), self._neighbors))

    def held_out_scores(self, rows: Matrix) -> Vector:
        """Score rows without counting a row as its own neighbour; see `Detector`."""
        most = min(self._neighbors + 1, self._learnt)
        nearest = self._references.nearest(self._scaler(rows), most)
        others = nearest[:, min(1, most - 1) :]
        itself = nearest[:, 0] == 0.0
        return np.where(
            itself, _mean_distance(others), _mean_distance(nearest[:, : self._neighbors])
        )


def _mean_distance(squared: Matrix32) -> Vector:
    scores: Vector = -np.sqrt(squared, dtype=np.float64).mean(axis=1)
    return scores
