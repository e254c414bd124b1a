"""Gaussian mixture: how dense ordinary rows are around a row."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.mixture import GaussianMixture as Mixture

from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.scaling import Scaling, make_scaler
from anomaly_app.core.schema import Matrix

COMPONENTS = (1, 2, 3, 5, 7, 10)
"""Numbers of components that ``auto`` chooses from."""

NUMBERS_PER_PARAMETER = 4
"""Values in the training rows for each parameter of the mixture: with fewer, ``auto`` tries no
more components, which in hundreds of features would take minutes to lose."""


@dataclass(kw_only=True, eq=False, repr=False)
class GaussianMixture(Detector):
    """The density of scikit-learn's Gaussian mixture, full covariances.

    It sees combinations: a value that is ordinary alone and odd beside the others.

    Parameters
    ----------
    n_components
        Components, or ``auto``: the number among `COMPONENTS` with the best Bayesian information
        criterion (Schwarz, 1978).
    reg_covar
        Added to the variances, in squared units of the scaled features: it keeps directions
        without any spread from deciding everything.
    scaling
        ``standard``, ``normal_scores`` or ``none``; see `anomaly_app.core.detectors.scaling`.
    max_rows, trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    mixture_ : sklearn.mixture.GaussianMixture
    """

    n_components: int | Literal["auto"] = "auto"
    reg_covar: float = 1e-3
    scaling: Scaling = "standard"
    max_rows: int | None = 20_000

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        self._scaler = make_scaler(self.scaling, rows)
        scaled = self._scaler(rows)
        seed = random.randint(2**31 - 1)
        mixtures = [
            Mixture(
                n_components=size,
                reg_covar=self.reg_covar,
                covariance_type="full",
                random_state=seed,
            ).fit(scaled)
            for size in self._sizes(*scaled.shape)
        ]
        self.mixture_ = min(mixtures, key=lambda mixture: mixture.bic(scaled))
        precisions = self.mixture_.precisions_cholesky_
        self._precisions = np.hstack(list(precisions))
        self._centres = np.hstack(
            [mean @ p for mean, p in zip(self.mixture_.means_, precisions, strict=True)]
        )
        log_determinants = np.log(np.diagonal(precisions, axis1=1, axis2=2)).sum(axis=1)
        features = scaled.shape[1]
        self._log_heights = (
            np.log(self.mixture_.weights_) + log_determinants - features / 2 * np.log(2 * np.pi)
        )

    def _sizes(self, rows: int, features: int) -> list[int]:
        if self.n_components != "auto":
            return [min(self.n_components, rows)]
        parameters = features * (features + 3) / 2
        most = rows * features / (NUMBERS_PER_PARAMETER * parameters)
        return [size for size in COMPONENTS if size <= max(most, 1.0)]

    def score_rows(self, matrix: Matrix) -> Matrix:
        """Score rows without checks; see `Detector`.

        The same sums as scikit-learn's, for all components in one product of matrices.
        """
        whitened = self._scaler(matrix) @ self._precisions - self._centres
        components = len(self._log_heights)
        squares = np.square(whitened).reshape(len(matrix), components, -1).sum(axis=2)
        log_densities = self._log_heights - squares / 2
        highest = log_densities.max(axis=1)
        total: Matrix = np.exp(log_densities - highest[:, np.newaxis]).sum(axis=1)
        densities: Matrix = highest + np.log(total)
        return densities
