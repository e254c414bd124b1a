"""Robust z-scores: how far each feature is from its median."""

from dataclasses import dataclass

import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.base import Detector

NORMAL_MAD = 1.482602218505602
"""Standard deviation of a normal variable whose median absolute deviation is 1."""


@dataclass(kw_only=True, eq=False, repr=False)
class RobustZScoreDetector(Detector):
    """The largest robust z-score of a row's features.

    It is equivalent to one rule per feature, and a baseline for all other detectors: it does not
    see combinations, and training is trivial.

    Parameters
    ----------
    max_rows, trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    median_, scale_ : ndarray of shape (features,)
        If the median absolute deviation is 0, the scale is the standard deviation.

    Notes
    -----
    Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993.
    """

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:  # noqa: ARG002
        self.median_: Vector = np.median(rows, axis=0)
        deviation = NORMAL_MAD * np.median(np.abs(rows - self.median_), axis=0)
        deviation = np.where(deviation > 0.0, deviation, rows.std(axis=0))
        self.scale_: Vector = np.where(deviation > 0.0, deviation, 1.0)

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        scores: Vector = -np.max(np.abs(matrix - self.median_) / self.scale_, axis=1)
        return scores
