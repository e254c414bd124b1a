"""Isolation Forest: how few random splits it takes to isolate a row."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import IsolationForest

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.forest import ForestScorer


@dataclass(kw_only=True, eq=False, repr=False)
class IsolationForestDetector(Detector):
    """Scikit-learn's Isolation Forest, scored by a compiled loop.

    Parameters
    ----------
    n_estimators
        Number of trees; more make the scores smoother, and cost more.
    max_samples
        Number of rows per tree; the paper's 256 keep clusters of anomalies from hiding each other.
    max_rows, trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    forest_ : sklearn.ensemble.IsolationForest

    Notes
    -----
    Liu, Ting and Zhou, *Isolation Forest*, ICDM 2008. It needs no scaling: its splits are drawn
    between a feature's extremes.
    """

    n_estimators: int = 100
    max_samples: int = 256

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        self.forest_ = IsolationForest(
            n_estimators=self.n_estimators,
            max_samples=min(self.max_samples, len(rows)),
            random_state=random,
        ).fit(rows)
        self._scorer = ForestScorer(self.forest_)

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        return self._scorer.score_samples(matrix)
