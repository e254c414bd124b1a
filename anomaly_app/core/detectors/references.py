"""Reference rows, and a nearest-neighbour search whose cost is bounded."""

from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Integers, Matrix, Matrix32
from anomaly_app.core.detectors.clustering import part
from anomaly_app.core.detectors.lanes import LANES, in_groups, single_precision
from anomaly_app.core.detectors.nearest import Clusters, search_rows

FEW = 1_500
"""Number of references up to which a row is compared with all; more are clustered."""

COMPARED = 1_200
"""Maximum number of references that a row is compared with, if there are more."""

DIFFERENCES = 27_000
"""Or that many of their values, if there are few features and a comparison costs less."""


class References:
    """Rows to search for nearest neighbours.

    If there are many, the number of clusters is the square root of their number. The clusters with
    the nearest centres are searched first, until by the triangle inequality none can hold anything
    nearer, or until the budget is used up: then the neighbours are approximate.

    Parameters
    ----------
    rows
        Scaled, shape ``(references, features)``, within `scaling.FARTHEST`.
    random
        Draws the initial centres of the clusters.
    budget
        Maximum number of references that a row is compared with, rounded up to whole groups of
        `LANES`; by default `COMPARED`, or `DIFFERENCES` divided by the number of features if that
        is more.

    Attributes
    ----------
    clusters : Clusters
        The arguments of a compiled function for `search_row`.
    indices : ndarray
        Index of the first row in each slot of the groups, -1 for padding.
    budget : int

    Notes
    -----
    An inverted file as in Jégou, Douze and Schmid, *Product quantization for nearest neighbor
    search*, 2011, without their quantization.
    """

    def __init__(
        self, rows: Matrix, random: np.random.RandomState, *, budget: int | None = None
    ) -> None:
        distinct, first, copies = _without_copies(single_precision(rows))
        clusters = int(np.sqrt(len(distinct))) if len(distinct) > FEW else 1
        centres, labels, distances = part(distinct, clusters, random)
        order = np.lexsort((distances, labels))
        sizes = np.bincount(labels)
        values, starts, slots = in_groups(distinct[order], sizes)
        laid_out, _, own = in_groups(centres, np.array([len(centres)]))
        reaches = np.zeros(len(laid_out) // centres.shape[1], np.float32)
        reaches[own] = distances[order][np.cumsum(sizes) - 1]

        def placed(of_rows: npt.NDArray[Any], filling: Any) -> npt.NDArray[Any]:
            all_slots = np.full(starts[-1] * LANES, filling, of_rows.dtype)
            all_slots[slots] = of_rows[order]
            return all_slots

        self.clusters = Clusters(
            laid_out,
            reaches,
            starts,
            placed(distances, np.inf).reshape(-1, LANES).min(axis=1),
            placed(distances, -np.inf).reshape(-1, LANES).max(axis=1),
            values,
            placed(copies, 0),
        )
        self.indices = placed(first, -1)
        self.budget = max(COMPARED, DIFFERENCES // centres.shape[1]) if budget is None else budget

    def nearest(self, rows: Matrix, k: int) -> Matrix32:
        """Return squared Euclidean distances to the k nearest references, increasing.

        Parameters
        ----------
        rows
            Shape ``(rows, features)``, scaled as the references are.
        k
            1 to the number of references.

        Returns
        -------
        ndarray
            Shape ``(rows, k)``.
        """
        squared, _, _ = self._search(rows, k)
        return squared

    def nearest_with_indices(self, rows: Matrix, k: int) -> tuple[Matrix32, Integers]:
        """Like `nearest`, but also return their indices, both of shape ``(rows, k)``.

        For equal references, the index is that of the first.
        """
        squared, slots, _ = self._search(rows, k)
        return squared, self.indices[slots]

    def most_compared(self, rows: Matrix, k: int) -> int:
        """Return the largest number of references a row is compared with, in whole groups."""
        return self._search(rows, k)[2]

    def _search(self, rows: Matrix, k: int) -> tuple[Matrix32, Integers, int]:
        squared = np.empty((len(rows), k), np.float32)
        slots = np.empty((len(rows), k), np.int64)
        most = search_rows(single_precision(rows), *self.clusters, self.budget, squared, slots)
        return squared, slots, most


def _without_copies(
    rows: Matrix32,
) -> tuple[Matrix32, Integers, Integers]:
    """Return the distinct rows in order, with their first indices and their counts."""
    rows += np.float32(0.0)  # -0 becomes 0: rows are compared by their bytes
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, copies = np.unique(whole, return_index=True, return_counts=True)
    order = np.argsort(first)
    return rows[first[order]], first[order].astype(np.int64), copies[order].astype(np.int64)
