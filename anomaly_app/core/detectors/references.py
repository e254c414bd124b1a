"""Reference rows, and the nearest of them at a cost that does not grow as they do."""

from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Integers, Matrix, Matrix32
from anomaly_app.core.detectors.clustering import part
from anomaly_app.core.detectors.lanes import LANES, in_groups, single_precision
from anomaly_app.core.detectors.nearest import Clusters, search_rows

FEW = 1_500
"""References that are all compared with a row; more are parted."""

COMPARED = 1_200
"""References that a row is compared with at most, where there are more."""

DIFFERENCES = 27_000
"""Or that many of their values, where features are few and each costs less."""


class References:
    """Rows among which the nearest ones are looked for.

    Many are parted into as many clusters as the root of their number. Those whose centres are
    nearest are looked into first, until none can hold anything nearer by the triangle
    inequality, or until the budget is used up: then the neighbours are nearly the nearest.

    Parameters
    ----------
    rows
        Scaled, shape ``(references, features)``, within `scaling.FARTHEST`.
    random
        Draws the rows that clusters begin with.
    budget
        References that a row is compared with at most, rounded up to whole groups of `LANES`;
        by default `COMPARED`, or `DIFFERENCES` by the number of features if that is more.

    Attributes
    ----------
    clusters : Clusters
        What a compiled function gives `search_row`.
    indices : ndarray
        Which row was the first that each slot of the groups holds, -1 where it is filled up.
    budget : int

    Notes
    -----
    An inverted file, as Jégou, Douze and Schmid, *Product quantization for nearest neighbor
    search*, 2011, have it, without their quantization.
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
        """Squared Euclidean distances to the k nearest references, increasing.

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
        """Do as `nearest` does, and tell which they are, each of shape ``(rows, k)``.

        Of references that are equal, the first is named each time.
        """
        squared, slots, _ = self._search(rows, k)
        return squared, self.indices[slots]

    def most_compared(self, rows: Matrix, k: int) -> int:
        """Tell with how many references a row is compared at most, in whole groups."""
        return self._search(rows, k)[2]

    def _search(self, rows: Matrix, k: int) -> tuple[Matrix32, Integers, int]:
        squared = np.empty((len(rows), k), np.float32)
        slots = np.empty((len(rows), k), np.int64)
        most = search_rows(single_precision(rows), *self.clusters, self.budget, squared, slots)
        return squared, slots, most


def _without_copies(
    rows: Matrix32,
) -> tuple[Matrix32, Integers, Integers]:
    """Give each row once, in their order, with its first index and how often it was there."""
    rows += np.float32(0.0)  # -0 becomes 0: rows are told apart by their bytes
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, copies = np.unique(whole, return_index=True, return_counts=True)
    order = np.argsort(first)
    return rows[first[order]], first[order].astype(np.int64), copies[order].astype(np.int64)
