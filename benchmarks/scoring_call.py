"""Time to score one row: scikit-learn compared with the app."""

import time
from statistics import median
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import IsolationForest

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.detectors.forest import ForestScorer

REPEATS = 100
INNER = 5
"""Number of calls to time together; a single call is close to the resolution of the clock."""


class ScoringCall(NamedTuple):
    """Time of a call with one row in microseconds, and the difference of the scores."""

    sklearn_us: float
    app_us: float
    difference: float
    """Largest absolute difference over all rows."""

    @property
    def times_faster(self) -> float:
        """Ratio of scikit-learn's time to the app's."""
        return self.sklearn_us / self.app_us


def measure_scoring_call(forest: IsolationForest, matrix: Matrix) -> ScoringCall:
    """Time both calls alternately, row by row.

    Parameters
    ----------
    forest
        A fitted forest.
    matrix
        Some thousand rows, shape ``(rows, features)``.
    """
    scorer = ForestScorer(forest)
    difference = np.abs(scorer.score_samples(matrix) - forest.score_samples(matrix)).max()
    of_sklearn, of_app = [], []
    for index in range(REPEATS):
        row = matrix[index : index + 1]
        begin = time.perf_counter()
        forest.score_samples(row)
        middle = time.perf_counter()
        for _ in range(INNER):
            scorer.score_samples(row)
        of_app.append((time.perf_counter() - middle) / INNER)
        of_sklearn.append(middle - begin)
    return ScoringCall(median(of_sklearn) * 1e6, median(of_app) * 1e6, float(difference))
