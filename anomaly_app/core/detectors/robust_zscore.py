"""Robust z-scores: how far each feature is from its median."""

from typing import Any

import numpy as np

from anomaly_app.core.detectors.base import CONTAMINATION, Detector
from anomaly_app.core.schema import Matrix

NORMAL_MAD = 1.482602218505602
"""Standard deviation of a normal variable whose median absolute deviation is 1."""


class RobustZScore(Detector):
    """The largest robust z-score of a row's features.

    It is what a rule on each feature would say, and the yardstick for everything else: it sees no
    combinations, and needs no training to speak of.

    Parameters
    ----------
    trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    median_, scale_ : ndarray of shape (features,)
        Where the median absolute deviation is 0, the scale is the standard deviation.

    Notes
    -----
    Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993.
    """

    def __init__(
        self,
        *,
        trim: float = 0.0,
        contamination: float = CONTAMINATION,
        random_state: Any = None,
    ) -> None:
        self.trim = trim
        self.contamination = contamination
        self.random_state = random_state

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:  # noqa: ARG002
        self.median_: Matrix = np.median(rows, axis=0)
        deviation = NORMAL_MAD * np.median(np.abs(rows - self.median_), axis=0)
        deviation = np.where(deviation > 0.0, deviation, rows.std(axis=0))
        self.scale_: Matrix = np.where(deviation > 0.0, deviation, 1.0)

    def score_rows(self, matrix: Matrix) -> Matrix:
        """Score rows without checks; see `Detector`."""
        scores: Matrix = -np.max(np.abs(matrix - self.median_) / self.scale_, axis=1)
        return scores
