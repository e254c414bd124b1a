"""How far fits agree on which rows are the most anomalous."""

from collections.abc import Sequence

import numpy as np

from anomaly_app.core.arrays import Matrix

TOP = 0.01
"""Share of the rows, the most anomalous, that are looked at."""


def top_rows(log_p: Matrix) -> set[int]:
    """Give the places of the most anomalous rows: `TOP` of them, one at least.

    Parameters
    ----------
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    """
    many = max(round(len(log_p) * TOP), 1)
    return set(np.argsort(log_p, kind="stable")[:many].tolist())


def overlap(some: set[int], others: set[int]) -> float:
    """Give the Jaccard overlap of two sets of rows, 0 to 1; one of them holds a row at least."""
    return len(some & others) / len(some | others)


def mean_overlap(place: int, tops: Sequence[set[int]]) -> float:
    """Give the mean overlap of one set with each other one; NaN where there is no other.

    Parameters
    ----------
    place
        Of the one, in `tops`.
    tops
        The sets.
    """
    overlaps = [overlap(tops[place], top) for i, top in enumerate(tops) if i != place]
    return float(np.mean(overlaps)) if overlaps else float("nan")
