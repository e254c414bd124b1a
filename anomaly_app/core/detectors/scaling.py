"""Scale features, so that none outweighs the others in a distance."""

from typing import Any, Literal, Protocol, TypeAlias

import numba
import numpy as np
from scipy.special import ndtri

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.compiled import DOUBLE_MATRIX, DOUBLES, INTEGERS, compiled

Scaling: TypeAlias = Literal["standard", "robust", "normal_scores", "none"]

FARTHEST = 1e9
"""Scaled values are clipped to ±this: squares of hostile ones stay finite in single precision."""

QUANTILES = 1_000
"""Points that describe a feature's distribution."""

MIDDLE = (0.05, 0.95)
"""Quantiles that bound the middle of a feature."""

TINY = 1e-12
"""A standard deviation below this fraction of the mean is rounding error."""


class Scaler(Protocol):
    """Scales a matrix to one of the same shape."""

    def __call__(self, matrix: Matrix) -> Matrix:
        """Scale rows, shape ``(rows, features)``."""
        ...


class Standard:
    """Subtract the mean, divide by the standard deviation; a constant feature stays at 0."""

    def __init__(self, rows: Matrix) -> None:
        self.mean: Vector = rows.mean(axis=0)
        deviation = rows.std(axis=0)
        self.scale: Vector = np.where(deviation > TINY * np.abs(self.mean), deviation, 1.0)

    def __call__(self, matrix: Matrix) -> Matrix:
        """Scale rows, shape ``(rows, features)``."""
        return _held((matrix - self.mean) / self.scale)


class Robust:
    """Subtract the median, divide by the range of the middle 90 %; outliers have little influence.

    The range is converted to standard deviations of a normal distribution. If 90 % of the values
    are equal, the standard deviation is used instead.
    """

    def __init__(self, rows: Matrix) -> None:
        low, self.median, high = np.quantile(rows, [MIDDLE[0], 0.5, MIDDLE[1]], axis=0)
        spread = (high - low) / (ndtri(MIDDLE[1]) - ndtri(MIDDLE[0]))
        largest = np.abs(rows).max(axis=0)
        self.scale: Vector = np.where(spread > TINY * largest, spread, Standard(rows).scale)

    def __call__(self, matrix: Matrix) -> Matrix:
        """Scale rows, shape ``(rows, features)``."""
        return _held((matrix - self.median) / self.scale)


class NormalScores:
    """Replace each value by the standard normal quantile of its rank among the training rows.

    Beyond the extremes of the training rows the scores continue linearly, by one per standard
    deviation, so that more extreme values are farther away (scikit-learn's
    ``QuantileTransformer`` clips them). Ranks: van der Waerden, 1952.
    """

    def __init__(self, rows: Matrix) -> None:
        self.scale = Standard(rows).scale
        values, scores = zip(*(_normal_scores(column) for column in rows.T), strict=True)
        self.first = np.cumsum([0, *map(len, values)], dtype=np.int32)
        self.values: Vector = np.concatenate(values)
        self.scores: Vector = np.concatenate(scores)

    def __call__(self, matrix: Matrix) -> Matrix:
        """Scale rows, shape ``(rows, features)``."""
        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        scaled: Matrix = _interpolated(rows, self.first, self.values, self.scores, self.scale)
        return scaled


def _normal_scores(column: Vector) -> tuple[Vector, Vector]:
    """Return some increasing values of a column, and the normal scores of their mean ranks."""
    values, counts = np.unique(column, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / len(column)
    kept = np.unique(np.linspace(0, len(values) - 1, QUANTILES).astype(int))
    return values[kept], ndtri(ranks[kept])


@compiled(numba.float64[:, ::1](DOUBLE_MATRIX, INTEGERS, DOUBLES, DOUBLES, DOUBLES))
def _interpolated(rows: Any, first: Any, values: Any, scores: Any, scale: Any) -> Any:
    scaled = np.empty_like(rows)
    # Feature by feature, so that its values stay in the L1 cache.
    for j in range(rows.shape[1]):
        known = values[first[j] : first[j + 1]]
        wanted = scores[first[j] : first[j + 1]]
        last = len(known) - 1
        for i in range(len(rows)):
            value = rows[i, j]
            if value <= known[0]:
                score = wanted[0] + (value - known[0]) / scale[j]
            elif value >= known[last]:
                score = wanted[last] + (value - known[last]) / scale[j]
            else:
                # Branchless bisection: a branch would be mispredicted half of the time.
                low, many = 0, last
                while many > 1:
                    half = many >> 1
                    low += half * (known[low + half] <= value)
                    many -= half
                part = (value - known[low]) / (known[low + 1] - known[low])
                score = wanted[low] + part * (wanted[low + 1] - wanted[low])
            scaled[i, j] = min(max(score, -FARTHEST), FARTHEST)
    return scaled


def make_scaler(scaling: Scaling, rows: Matrix) -> Scaler:
    """Fit a scaler.

    Raises
    ------
    ValueError
        There is no such scaling.
    """
    match scaling:
        case "standard":
            return Standard(rows)
        case "robust":
            return Robust(rows)
        case "normal_scores":
            return NormalScores(rows)
        case "none":
            return _as_it_is
    raise ValueError(
        f"there is no scaling {scaling!r}; choose from 'standard', 'robust', "
        "'normal_scores' and 'none'"
    )


def _held(scaled: Matrix) -> Matrix:
    # Twice as fast as np.clip for a single row.
    held: Matrix = np.minimum(np.maximum(scaled, -FARTHEST), FARTHEST)
    return held


def _as_it_is(matrix: Matrix) -> Matrix:
    return matrix
