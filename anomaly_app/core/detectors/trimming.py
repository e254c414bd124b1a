"""Select the training rows to learn from: history is long, and seldom free of anomalies."""

import numpy as np
from sklearn.ensemble import IsolationForest

from anomaly_app.core.arrays import Flags, Indices, Matrix, Vector

TREES = 100
SUBSAMPLE = 256

CERTAIN = 0.1
"""Share of the rows drawn that may be rows known to be ordinary, if there are more than chance
would draw."""


def ordinary_rows(
    matrix: Matrix, share: float, random: np.random.RandomState, certain: Flags | None = None
) -> Indices:
    """Return the indices of the rows without the most isolated ones.

    Parameters
    ----------
    matrix
        Shape ``(rows, features)``.
    share
        Of the rows that are dropped, 0 to below 1; at least two rows stay.
    random
        Seeds the forest that isolates the rows.
    certain
        Whether each row is known to be ordinary, and stays, shape ``(rows,)``; None: none is.
    """
    rows = len(matrix)
    if min(int(rows * share), rows - 2) <= 0:
        return np.arange(rows)
    forest = IsolationForest(
        n_estimators=TREES, max_samples=min(SUBSAMPLE, rows), random_state=random
    ).fit(matrix)
    return most_ordinary(forest.score_samples(matrix), share, certain)


def most_ordinary(scores: Vector, share: float, certain: Flags | None = None) -> Indices:
    """Return the indices of the rows without those with the lowest scores.

    Parameters
    ----------
    scores
        Low = abnormal, shape ``(rows,)``.
    share
        Of the rows that are dropped, 0 to below 1; at least two rows stay.
    certain
        See `ordinary_rows`.
    """
    if certain is not None:
        scores = np.where(certain, np.inf, scores)
    dropped = max(min(int(len(scores) * share), len(scores) - 2), 0)
    order = np.argsort(scores, kind="stable")
    if certain is not None:
        dropped = min(dropped, int(np.sum(~certain)))
    return np.sort(order[dropped:])


def subsample(matrix: Matrix, most: int | None, random: np.random.RandomState) -> Matrix:
    """Draw `most` rows, keeping their order, if there are more; None is no limit."""
    if most is None or len(matrix) <= most:
        return matrix
    drawn: Matrix = matrix[drawn_rows(len(matrix), most, random)]
    return drawn


def drawn_rows(
    rows: int, most: int | None, random: np.random.RandomState, certain: Flags | None = None
) -> Indices:
    """Return the indices of at most `most` rows, in order; None is no limit.

    Parameters
    ----------
    rows
        Number of rows to draw from.
    most
        Number of rows to draw.
    random
        Draws them.
    certain
        Whether each row is known to be ordinary, shape ``(rows,)``. Such rows come first, up to
        their share of all rows or `CERTAIN` of those drawn; None: none is.
    """
    if most is None or rows <= most:
        return np.arange(rows)
    if certain is None or not certain.any():
        return np.sort(random.choice(rows, most, replace=False))
    known, others = np.flatnonzero(certain), np.flatnonzero(~certain)
    wanted = max(int(most * CERTAIN), round(most * len(known) / rows), most - len(others))
    kept = random.choice(known, min(len(known), wanted), replace=False)
    drawn = random.choice(others, most - len(kept), replace=False)
    return np.sort(np.concatenate([kept, drawn]))
