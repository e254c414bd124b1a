"""Distance to the nearest of a few rows, averaged over many random subsamples."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.compiled import SINGLE_MATRIX, SINGLES, compiled
from anomaly_app.core.detectors.lanes import LANES, in_groups, single_precision, which_are_nearer

SUBSAMPLES = 16
"""Number of subsamples."""

ROWS = 2 * LANES
"""Rows per subsample: so few rarely include two anomalies of a cluster that is 2 % of the history,
so these cannot hide each other."""


class TinySubsamples:
    """Small subsamples of the training rows.

    Parameters
    ----------
    rows
        Scaled, at least two, shape ``(rows, features)``. If there are few rows, each
        subsample is half of them.
    random
        Draws the subsamples.

    Notes
    -----
    Sugiyama and Borgwardt, *Rapid distance-based outlier detection via sampling*, 2013, with many
    subsamples as in Pang, Ting and Albrecht, *LeSiNN: detecting anomalies by identifying least
    similar nearest neighbours*, 2015.
    """

    def __init__(self, rows: Matrix, random: np.random.RandomState) -> None:
        size = min(ROWS, len(rows) // 2)
        drawn = [random.choice(len(rows), size, replace=False) for _ in range(SUBSAMPLES)]
        chosen = single_precision(rows[np.concatenate(drawn)])
        self._values, _, _ = in_groups(chosen, np.full(SUBSAMPLES, size))
        self._groups = -(-size // LANES)

    def distances(self, rows: Matrix) -> Vector:
        """Return mean distances to the nearest row of each subsample, shape ``(rows,)``."""
        means: Vector = _mean_distances(
            single_precision(rows), self._values, self._groups, held_out=False
        )
        return means

    def held_out_distances(self, rows: Matrix) -> Vector:
        """Like `distances`, but without the subsamples that contain the row or an equal one."""
        means: Vector = _mean_distances(
            single_precision(rows), self._values, self._groups, held_out=True
        )
        return means


@compiled(numba.float64[::1](SINGLE_MATRIX, SINGLES, numba.int64, numba.boolean))
def _mean_distances(rows: Any, values: Any, groups: Any, held_out: Any) -> Any:
    means = np.zeros(len(rows))
    squared = np.empty(LANES, np.float32)
    for i in range(len(rows)):
        many = 0
        for subsample in range(SUBSAMPLES):
            nearest = np.float32(np.inf)
            for group in range(subsample * groups, (subsample + 1) * groups):
                if which_are_nearer(rows[i], values, group, nearest, squared) != 0:
                    nearest = min(nearest, squared.min())
            if nearest > 0.0 or not held_out:
                means[i] += np.sqrt(np.float64(nearest))
                many += 1
        means[i] /= max(many, 1)
    return means
