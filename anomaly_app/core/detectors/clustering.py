"""Partition rows into clusters, so that a search has to visit only some of them."""

import numpy as np

from anomaly_app.core.arrays import Integers, Matrix32, Vector32
from anomaly_app.core.detectors.lanes import LANES, in_groups
from anomaly_app.core.detectors.nearest import Clusters, search_rows

ROUNDS = 5
"""Rounds of Lloyd's algorithm: more do not make the search faster."""

SAMPLED = 20_000
"""Maximum number of rows used to find the centres."""


def part(
    rows: Matrix32, clusters: int, random: np.random.RandomState
) -> tuple[Matrix32, Integers, Vector32]:
    """Partition rows into clusters by a few rounds of K-Means (Lloyd, 1982).

    Parameters
    ----------
    rows
        Shape ``(rows, features)``, no two of them equal.
    clusters
        Number of clusters, 1 to the number of rows; empty clusters are dropped.
    random
        Draws the rows that are the initial centres.

    Returns
    -------
    centres
        Shape ``(clusters, features)``.
    labels
        The cluster of each row.
    distances
        The distance of each row to its centre.
    """
    centres = _draw(rows, clusters, random)
    sample = _draw(rows, min(len(rows), SAMPLED), random)
    for _ in range(ROUNDS):
        labels, counts, _ = _assign(sample, centres)
        sums = [np.bincount(labels, weights=column, minlength=len(counts)) for column in sample.T]
        filled = counts > 0
        means = np.stack([total[filled] / counts[filled] for total in sums], axis=1)
        centres = means.astype(np.float32)
    labels, counts, squared = _assign(rows, centres)
    filled = counts > 0
    return centres[filled], (np.cumsum(filled) - 1)[labels], np.sqrt(squared)


def _draw(rows: Matrix32, many: int, random: np.random.RandomState) -> Matrix32:
    drawn: Matrix32 = rows[np.sort(random.permutation(len(rows))[:many])]
    return drawn


def _assign(rows: Matrix32, centres: Matrix32) -> tuple[Integers, Integers, Vector32]:
    """Return the nearest centre of each row, the rows per centre, and squared distances."""
    values, starts, _ = in_groups(centres, np.array([len(centres)]))
    # All centres are one cluster with an infinite radius: nothing is left out.
    anywhere = np.full(starts[-1], np.inf, np.float32)
    one = Clusters(
        centres=np.zeros(LANES * rows.shape[1], np.float32),
        reaches=np.full(LANES, np.inf, np.float32),
        starts=np.array([0, starts[-1]]),
        inner=-anywhere,
        outer=anywhere,
        values=values,
        copies=np.ones(starts[-1] * LANES, np.int64),
    )
    squared = np.empty((len(rows), 1), np.float32)
    labels = np.empty((len(rows), 1), np.int64)
    search_rows(rows, *one, len(centres), squared, labels)
    return labels[:, 0], np.bincount(labels[:, 0], minlength=len(centres)), squared[:, 0]
