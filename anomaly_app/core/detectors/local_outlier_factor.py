"""Local Outlier Factor: how much more isolated a row is than its neighbours."""

from dataclasses import dataclass

import numpy as np
from sklearn import config_context
from sklearn.neighbors import LocalOutlierFactor

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.scaling import Scaling, make_scaler


@dataclass(kw_only=True, eq=False, repr=False)
class LocalOutlierFactorDetector(Detector):
    """Scikit-learn's Local Outlier Factor, for new rows.

    It finds rows that are odd for their neighbourhood in data of varying density; a few anomalies
    that lie together in the training rows hide each other.

    Parameters
    ----------
    n_neighbors
        Number of neighbours to compare a row with; fewer if there are fewer training rows.
    scaling
        ``standard``, ``robust``, ``normal_scores`` or ``none``; see
        `anomaly_app.core.detectors.scaling`.
    max_rows, trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    lof_ : sklearn.neighbors.LocalOutlierFactor

    Notes
    -----
    Breunig, Kriegel, Ng and Sander, *LOF: identifying density-based local outliers*, 2000.
    """

    n_neighbors: int = 20
    scaling: Scaling = "standard"
    max_rows: int | None = 5_000

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:  # noqa: ARG002
        self._scaler = make_scaler(self.scaling, rows)
        neighbours = min(self.n_neighbors, len(rows) - 1)
        self.lof_ = LocalOutlierFactor(n_neighbors=neighbours, novelty=True, algorithm="brute").fit(
            self._scaler(rows)
        )

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        with config_context(assume_finite=True, skip_parameter_validation=True):
            scores: Vector = self.lof_.score_samples(self._scaler(matrix))
        return scores
