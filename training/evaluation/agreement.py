"""Agreement of fits on the most anomalous rows."""

from collections.abc import Sequence

import numpy as np

from anomaly_app.core.arrays import Vector

TOP = 0.01
"""Share of the rows that count as most anomalous."""


def top_rows(log_p: Vector) -> set[int]:
    """Return the indices of the most anomalous rows: the share `TOP`, at least one.

    Parameters
    ----------
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    """
    count = max(round(len(log_p) * TOP), 1)
    return set(np.argsort(log_p, kind="stable")[:count].tolist())


def overlap(some: set[int], others: set[int]) -> float:
    """Return the Jaccard index of two sets of rows, 0 to 1; at least one is not empty."""
    return len(some & others) / len(some | others)


def mean_overlap(index: int, tops: Sequence[set[int]]) -> float:
    """Return the mean overlap of one set with each of the others; NaN without others.

    Parameters
    ----------
    index
        Index of the set in `tops`.
    tops
        The sets.
    """
    overlaps = [overlap(tops[index], top) for i, top in enumerate(tops) if i != index]
    return float(np.mean(overlaps)) if overlaps else float("nan")
