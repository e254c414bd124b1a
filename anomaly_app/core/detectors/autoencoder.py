"""Autoencoder: how much of a row is lost in a network with a bottleneck."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.products import product
from anomaly_app.core.detectors.scaling import Scaling, make_scaler


@dataclass(kw_only=True, eq=False, repr=False)
class AutoencoderDetector(Detector):
    """The squared error of scikit-learn's multi-layer perceptron, trained to reproduce its input.

    Parameters
    ----------
    hidden
        Units of the outer layers.
    bottleneck
        Units of the middle layer as a share of the features, above 0; at least one unit.
    max_iter
        Maximum number of passes over the training rows; it stops earlier when the error on a tenth
        of the rows no longer falls.
    scaling
        ``standard``, ``robust``, ``normal_scores`` or ``none``; see
        `anomaly_app.core.detectors.scaling`.
    max_rows, trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    network_ : sklearn.neural_network.MLPRegressor
    n_iter_ : int
        Number of passes.
    """

    hidden: int = 64
    bottleneck: float = 0.3
    max_iter: int = 100
    scaling: Scaling = "standard"
    max_rows: int | None = 50_000

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        self._scaler = make_scaler(self.scaling, rows)
        scaled = self._scaler(rows)
        narrow = max(int(self.bottleneck * rows.shape[1]), 1)
        self.network_ = MLPRegressor(
            hidden_layer_sizes=(self.hidden, narrow, self.hidden),
            max_iter=self.max_iter,
            early_stopping=len(rows) >= LEAST_TO_STOP_EARLY,
            random_state=random,
        )
        with warnings.catch_warnings():
            # A network that has not converged after max_iter passes is good enough.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.network_.fit(scaled, scaled if scaled.shape[1] > 1 else scaled[:, 0])
        self.n_iter_ = self.network_.n_iter_

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        scaled = self._scaler(matrix)
        layer = scaled
        *inner, outer = zip(self.network_.coefs_, self.network_.intercepts_, strict=True)
        for weights, bias in inner:
            layer = np.maximum(product(layer, weights) + bias, 0.0)
        scores: Vector = -np.square(scaled - (product(layer, outer[0]) + outer[1])).mean(axis=1)
        return scores


LEAST_TO_STOP_EARLY = 100
"""Number of rows below which a tenth of them is too few for early stopping."""
