"""One-Class SVM: a smooth boundary around the ordinary rows."""

from dataclasses import dataclass

import numpy as np
from sklearn.svm import OneClassSVM

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.products import product
from anomaly_app.core.detectors.scaling import Scaling, make_scaler


@dataclass(kw_only=True, eq=False, repr=False)
class OneClassSVMDetector(Detector):
    """Scikit-learn's One-Class SVM with a radial kernel.

    Parameters
    ----------
    nu
        Bound on the share of training rows outside the boundary, above 0 and at most 1; the share
        of rows that become support vectors, and with it the cost, is at least as large.
    gamma
        Width of the kernel in squared units of the scaled features; None is one over the number
        of features.
    scaling
        ``standard``, ``robust``, ``normal_scores`` or ``none``; see
        `anomaly_app.core.detectors.scaling`.
    max_rows, trim, contamination, random_state
        See `Detector`. The cost of a fit is quadratic in the rows, the cost of a score linear.

    Attributes
    ----------
    svm_ : sklearn.svm.OneClassSVM

    Notes
    -----
    Schölkopf and others, *Estimating the support of a high-dimensional distribution*, 2001.
    """

    nu: float = 0.5
    gamma: float | None = None
    scaling: Scaling = "standard"
    max_rows: int | None = 5_000

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:  # noqa: ARG002
        self._scaler = make_scaler(self.scaling, rows)
        self._gamma = 1.0 / rows.shape[1] if self.gamma is None else self.gamma
        self.svm_ = OneClassSVM(nu=self.nu, gamma=self._gamma).fit(self._scaler(rows))
        self._vectors = np.ascontiguousarray(self.svm_.support_vectors_.T)
        self._squares = np.square(self.svm_.support_vectors_).sum(axis=1)
        self._weights = np.ascontiguousarray(self.svm_.dual_coef_.T)

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        scaled = self._scaler(matrix)
        squares = np.square(scaled).sum(axis=1)[:, np.newaxis] + self._squares
        apart = np.maximum(squares - 2.0 * product(scaled, self._vectors), 0.0)
        return product(np.exp(-self._gamma * apart), self._weights)[:, 0]
