"""The ordinary rows that are nearest to a row, and how far each of their values is from its."""

from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.expectation import Expectation


class Neighbours(NamedTuple):
    """Ordinary rows, the nearest first."""

    rows: Matrix
    """Shape ``(neighbours, features)``; NaN is missing."""
    distances: Vector
    """Mean over the features, 0 to `FARTHEST`, in standard deviations of the ordinary rows."""


def nearest_ordinary(expectation: Expectation, row: Vector, most: int) -> Neighbours:
    """Return the ordinary training rows that are nearest to a row.

    Parameters
    ----------
    expectation
        Has the ordinary rows, and how far apart values are.
    row
        Shape ``(features,)``.
    most
        Maximum number of neighbours.
    """
    distances = expectation.distances(row)
    least = min(most, len(distances))
    nearest = np.argsort(distances, kind="stable")[:least]
    return Neighbours(expectation.ordinary[nearest], distances[nearest])
