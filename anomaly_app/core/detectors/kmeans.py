"""K-Means: the distance to the nearest of a few typical rows."""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.references import References
from anomaly_app.core.detectors.scaling import Scaling, make_scaler


@dataclass(kw_only=True, eq=False, repr=False)
class KMeansDetector(Detector):
    """The distance to the nearest centre of scikit-learn's K-Means.

    Parameters
    ----------
    n_clusters
        Number of typical rows; fewer if there are fewer training rows.
    scaling
        ``standard``, ``robust``, ``normal_scores`` or ``none``; see
        `anomaly_app.core.detectors.scaling`.
    max_rows, trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    kmeans_ : sklearn.cluster.KMeans
    """

    n_clusters: int = 50
    scaling: Scaling = "standard"
    max_rows: int | None = 100_000

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        self._scaler = make_scaler(self.scaling, rows)
        scaled = self._scaler(rows)
        clusters = min(self.n_clusters, len(np.unique(scaled, axis=0)))
        self.kmeans_ = KMeans(n_clusters=clusters, random_state=random).fit(scaled)
        self._centres = References(self.kmeans_.cluster_centers_, random)

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        nearest = self._centres.nearest(self._scaler(matrix), 1)
        scores: Vector = -np.sqrt(nearest[:, 0], dtype=np.float64)
        return scores
