"""Normal scores without correlations, so that unusual combinations are far from the centre."""

import numpy as np
from sklearn.covariance import oas

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.products import product
from anomaly_app.core.detectors.scaling import NormalScores

RIDGE = 1e-3
"""Added to the variances, so that directions without any spread do not dominate."""

LEAST_LEFT = 0.01
"""Lower bound of one minus a row's leverage."""


class WhitenedNormalScores:
    """Normal scores, transformed so that they are uncorrelated with variance 1.

    The length of a whitened row is its Mahalanobis distance from the centre.

    Parameters
    ----------
    rows
        Training rows, shape ``(rows, features)``.

    Notes
    -----
    The covariance is shrunk towards a sphere, more so with fewer rows: Chen, Wiesel,
    Eldar and Hero, *Shrinkage algorithms for MMSE covariance estimation*, 2010.
    """

    def __init__(self, rows: Matrix) -> None:
        self._normal_scores = NormalScores(rows)
        scores = self._normal_scores(rows)
        covariance, _ = oas(scores)
        variances, directions = np.linalg.eigh(covariance)
        self._whitening: Matrix = np.ascontiguousarray(
            directions / np.sqrt(np.maximum(variances, 0.0) + RIDGE)
        )
        self._centre: Vector = scores.mean(axis=0) @ self._whitening
        self._rows = len(rows)

    def __call__(self, matrix: Matrix) -> Matrix:
        """Whiten rows, shape ``(rows, features)``."""
        whitened: Matrix = product(self._normal_scores(matrix), self._whitening) - self._centre
        return whitened

    def held_out_distances(self, whitened: Matrix) -> Vector:
        """Return Mahalanobis distances of training rows, as if each had been left out of the fit.

        Parameters
        ----------
        whitened
            The whitened training rows.

        Notes
        -----
        Uses the leverage of a row: Cook and Weisberg, *Residuals and influence in regression*,
        1982, section 2.2.
        """
        squares = np.square(whitened).sum(axis=1)
        left = np.maximum(1.0 - squares / self._rows, LEAST_LEFT)
        held_out: Vector = np.sqrt(squares / left)
        return held_out


def distances(whitened: Matrix) -> Vector:
    """Return Mahalanobis distances of whitened rows, shape ``(rows,)``."""
    found: Vector = np.sqrt(np.square(whitened).sum(axis=1))
    return found
