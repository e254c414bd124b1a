"""Select the training rows to learn from: history is long, and seldom free of anomalies."""

import numpy as np
from sklearn.ensemble import IsolationForest

from anomaly_app.core.arrays import Indices, Matrix, Vector

TREES = 100
SUBSAMPLE = 256


def ordinary_rows(matrix: Matrix, share: float, random: np.random.RandomState) -> Indices:
    """Return the indices of the rows without the most isolated ones.

    Parameters
    ----------
    matrix
        Shape ``(rows, features)``.
    share
        Of the rows that are dropped, 0 to below 1; at least two rows stay.
    random
        Seeds the forest that isolates the rows.
    """
    rows = len(matrix)
    if min(int(rows * share), rows - 2) <= 0:
        return np.arange(rows)
    forest = IsolationForest(
        n_estimators=TREES, max_samples=min(SUBSAMPLE, rows), random_state=random
    ).fit(matrix)
    return most_ordinary(forest.score_samples(matrix), share)


def most_ordinary(scores: Vector, share: float) -> Indices:
    """Return the indices of the rows without those with the lowest scores.

    Parameters
    ----------
    scores
        Low = abnormal, shape ``(rows,)``.
    share
        Of the rows that are dropped, 0 to below 1; at least two rows stay.
    """
    dropped = max(min(int(len(scores) * share), len(scores) - 2), 0)
    return np.sort(np.argsort(scores, kind="stable")[dropped:])


def subsample(matrix: Matrix, most: int | None, random: np.random.RandomState) -> Matrix:
    """Draw `most` rows, keeping their order, if there are more; None is no limit."""
    if most is None or len(matrix) <= most:
        return matrix
    drawn: Matrix = matrix[np.sort(random.choice(len(matrix), most, replace=False))]
    return drawn
