"""Gaussian mixture: how dense ordinary rows are around a row."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numba
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.compiled import DOUBLE_MATRIX, DOUBLES, compiled
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.scaling import Scaling, make_scaler
from anomaly_app.core.detectors.trimming import subsample

COMPONENTS = (1, 2, 3, 5, 7, 10)
"""Numbers of components that ``auto`` tries."""

PARTS = 10
"""Parts of the training rows, each scored by a mixture of the others."""

NUMBERS_PER_PARAMETER = 4
"""Values in the training rows per parameter of the mixture: with fewer, ``auto`` does not try more
components, which with hundreds of features would take minutes and lose anyway."""


@dataclass(kw_only=True, eq=False, repr=False)
class GaussianMixtureDetector(Detector):
    """The density of scikit-learn's Gaussian mixture with full covariances.

    It detects combinations: a value that is ordinary alone but odd next to the others.

    Parameters
    ----------
    n_components
        Components, or ``auto``: the number among `COMPONENTS` with the best Bayesian information
        criterion (Schwarz, 1978).
    reg_covar
        Added to the variances, in squared units of the scaled features: it keeps directions
        without any spread from dominating.
    scaling
        ``standard``, ``robust``, ``normal_scores`` or ``none``; see
        `anomaly_app.core.detectors.scaling`.
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
        mixtures = [self._mixture(scaled, size, seed) for size in self._sizes(*scaled.shape)]
        self.mixture_ = min(mixtures, key=lambda mixture: mixture.bic(scaled))
        self._terms = _terms(self.mixture_)

    def _mixture(self, scaled: Matrix, size: int, seed: int) -> GaussianMixture:
        mixture = GaussianMixture(n_components=size, reg_covar=self.reg_covar, random_state=seed)
        with warnings.catch_warnings():
            # A fit that has not quite converged is compared by its criterion like the others.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return mixture.fit(scaled)

    def _sizes(self, rows: int, features: int) -> list[int]:
        if self.n_components != "auto":
            return [min(self.n_components, rows)]
        parameters = features * (features + 3) / 2
        most = rows * features / (NUMBERS_PER_PARAMETER * parameters)
        return [size for size in COMPONENTS if size <= max(most, 1.0)]

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        scaled = np.ascontiguousarray(self._scaler(matrix))
        densities: Vector = _log_densities(scaled, *self._terms)
        return densities

    def held_out_scores(self, rows: Matrix) -> Vector:
        """Score each part of the rows by a mixture of the others; see `Detector`.

        A mixture overfits the rows that it was fitted to, the more the fewer they are.
        """
        scaled = np.ascontiguousarray(self._scaler(rows))
        size = self.mixture_.n_components
        if len(rows) < PARTS * size:
            return self.score_rows(rows)
        densities = np.empty(len(rows))
        part = np.random.RandomState(0).permutation(len(rows)) % PARTS
        for one in range(PARTS):
            others = subsample(scaled[part != one], self.max_rows, np.random.RandomState(one))
            terms = _terms(self._mixture(others, size, one))
            densities[part == one] = _log_densities(scaled[part == one], *terms)
        return densities


class Terms(NamedTuple):
    """The terms of a mixture's density, with the components side by side."""

    precisions: Matrix
    """Shape ``(features, components * features)``: whitens the rows for each component."""
    centres: Vector
    """The components' means, whitened, shape ``(components * features,)``."""
    log_heights: Vector
    """Logarithms of the weighted densities at the means, shape ``(components,)``."""


def _terms(mixture: GaussianMixture) -> Terms:
    precisions = mixture.precisions_cholesky_
    log_determinants = np.log(np.diagonal(precisions, axis1=1, axis2=2)).sum(axis=1)
    features = precisions.shape[1]
    return Terms(
        np.hstack(list(precisions)),
        np.hstack([mean @ p for mean, p in zip(mixture.means_, precisions, strict=True)]),
        np.log(mixture.weights_) + log_determinants - features / 2 * np.log(2 * np.pi),
    )


@compiled(numba.float64[::1](DOUBLE_MATRIX, DOUBLE_MATRIX, DOUBLES, DOUBLES))
def _log_densities(rows: Any, precisions: Any, centres: Any, log_heights: Any) -> Any:
    """Compute scikit-learn's sums row by row: see `anomaly_app.core.detectors.products`."""
    count, features = rows.shape
    densities = np.empty(count)
    logs = np.empty(len(log_heights))
    whitened = np.empty(features)
    for i in range(count):
        highest = -np.inf
        for component in range(len(log_heights)):
            begin = component * features
            whitened[:] = 0.0
            for j in range(features):
                # The factor of a precision is an upper triangle.
                for k in range(j, features):
                    whitened[k] += rows[i, j] * precisions[j, begin + k]
            square = 0.0
            for k in range(features):
                difference = whitened[k] - centres[begin + k]
                square += difference * difference
            logs[component] = log_heights[component] - square / 2
            highest = max(highest, logs[component])
        total = 0.0
        for component in range(len(log_heights)):
            total += np.exp(logs[component] - highest)
        densities[i] = highest + np.log(total)
    return densities
