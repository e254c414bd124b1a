"""PCA reconstruction: how much of a row the principal components do not explain."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.products import product
from anomaly_app.core.detectors.scaling import Scaling, make_scaler


@dataclass(kw_only=True, eq=False, repr=False)
class PCADetector(Detector):
    """The squared error of reconstructing a row from scikit-learn's principal components.

    Parameters
    ----------
    explained
        Share of the variance that the kept components explain, above 0 and below 1; at least one
        direction is left out, so that there is a reconstruction error.
    scaling
        ``standard``, ``robust``, ``normal_scores`` or ``none``; see
        `anomaly_app.core.detectors.scaling`.
    max_rows, trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    pca_ : sklearn.decomposition.PCA

    Notes
    -----
    Shyu and others, *A novel anomaly detection scheme based on principal component classifier*,
    2003.
    """

    explained: float = 0.9
    scaling: Scaling = "standard"

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:  # noqa: ARG002
        self._scaler = make_scaler(self.scaling, rows)
        self.pca_ = PCA(svd_solver="full").fit(self._scaler(rows))
        explained = np.cumsum(self.pca_.explained_variance_ratio_)
        kept = int(np.searchsorted(explained, self.explained)) + 1
        self._directions = self.pca_.components_[: min(kept, rows.shape[1] - 1)]
        self._across = np.ascontiguousarray(self._directions.T)

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        centred = self._scaler(matrix) - self.pca_.mean_
        kept = product(product(centred, self._across), self._directions)
        lost = centred - kept
        scores: Vector = -np.square(lost).sum(axis=1)
        return scores
