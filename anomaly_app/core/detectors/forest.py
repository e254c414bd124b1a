"""Isolation Forest scores without scikit-learn's overhead per call.

`IsolationForest.score_samples` takes about 10 ms whatever the batch size, nearly all of it spent on
checking the same arguments once per tree. Here all trees are in flat arrays that a compiled loop
descends, which takes microseconds per row.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import IsolationForest

from anomaly_app.core.arrays import Matrix, Vector, Vector32
from anomaly_app.core.compiled import DOUBLES, INTEGERS, SINGLE_MATRIX, SINGLES, compiled

ABREAST = 8
"""Rows that descend a tree together: while one waits for memory, the others continue."""


class Nodes(NamedTuple):
    """The nodes of all trees; a right child follows the left one, a leaf is its own child."""

    feature: npt.NDArray[np.int32]
    threshold: Vector32
    """Values above it go right; infinite for a leaf."""
    left: npt.NDArray[np.int32]
    path_length: Vector
    """Depth of a leaf plus the expected depth of a search among its rows."""
    roots: npt.NDArray[np.int32]
    depths: npt.NDArray[np.int32]
    """Steps from each root to its deepest leaf."""


class ForestScorer:
    """The scores of a fitted Isolation Forest, equal to scikit-learn's up to rounding.

    Parameters
    ----------
    forest
        Fitted with ``max_features=1.0``: each tree sees all features.

    Notes
    -----
    The score is ``-2 ** (-E(h) / c(n))`` with the mean path length E(h) over the trees and the
    normalisation c of their n rows: Liu, Ting and Zhou, *Isolation Forest*, ICDM 2008.
    """

    def __init__(self, forest: IsolationForest) -> None:
        trees = [estimator.tree_ for estimator in forest.estimators_]
        self._nodes = _flatten(trees)
        self._scale = len(trees) * float(_mean_search_depth(np.array([forest.max_samples_]))[0])

    def score_samples(self, matrix: Matrix) -> Vector:
        """Score rows without missing values, low = abnormal, shape ``(rows,)``."""
        with np.errstate(
            over="ignore"
        ):  # a value too large for single precision is above every threshold
            single = np.array(matrix, dtype=np.float32, order="C")
        scores: Vector = -np.exp2(_path_lengths(single, *self._nodes) / -self._scale)
        return scores


@compiled(
    numba.float64[::1](SINGLE_MATRIX, INTEGERS, SINGLES, INTEGERS, DOUBLES, INTEGERS, INTEGERS)
)
def _path_lengths(
    rows: Any, feature: Any, threshold: Any, left: Any, path_length: Any, roots: Any, depths: Any
) -> Any:
    total = np.zeros(len(rows))
    at = np.empty(ABREAST, np.int32)
    for first in range(0, len(rows), ABREAST):
        many = min(ABREAST, len(rows) - first)
        for tree in range(len(roots)):
            at[:many] = roots[tree]
            for _ in range(depths[tree]):
                for i in range(many):
                    node = at[i]
                    at[i] = left[node] + (rows[first + i, feature[node]] > threshold[node])
            for i in range(many):
                total[first + i] += path_length[at[i]]
    return total


def _flatten(trees: list[Any]) -> Nodes:
    sizes = [tree.node_count for tree in trees]
    roots = np.cumsum([0, *sizes[:-1]])
    laid_out = [_lay_out(tree, root) for tree, root in zip(trees, roots, strict=True)]
    feature, threshold, left, path_length = (np.concatenate(c) for c in zip(*laid_out, strict=True))
    return Nodes(
        feature.astype(np.int32),
        threshold,
        left.astype(np.int32),
        path_length,
        roots.astype(np.int32),
        np.array([tree.max_depth for tree in trees], dtype=np.int32),
    )


def _lay_out(tree: Any, root: int) -> tuple[npt.NDArray[Any], ...]:
    """Order a tree's nodes level by level, so that siblings are neighbours."""
    order, depths = [0], [0.0]
    left = np.arange(tree.node_count)
    for index, node in enumerate(order):
        children = tree.children_left[node], tree.children_right[node]
        if children[0] > 0:
            left[index] = len(order)
            order += children
            depths += [depths[index] + 1.0] * 2
    is_leaf = left == np.arange(tree.node_count)
    return (
        np.where(is_leaf, 0, tree.feature[order]),
        np.where(is_leaf, np.inf, _single_below(tree.threshold[order])).astype(np.float32),
        left + root,
        np.array(depths) + _mean_search_depth(tree.n_node_samples[order]),
    )


def _single_below(threshold: Vector) -> Vector32:
    """Return the largest single not above a double: the same singles are above both."""
    single = threshold.astype(np.float32)
    below = np.nextafter(single, np.float32(-np.inf))
    return np.where(single > threshold, below, single)


def _mean_search_depth(rows: Vector) -> Vector:
    """Return the mean depth of an unsuccessful search in a binary tree of n rows: c(n)."""
    n = np.asarray(rows, dtype=np.float64)
    larger = np.maximum(n, 3.0)
    harmonic = np.log(larger - 1.0) + np.euler_gamma
    depth: Vector = 2.0 * harmonic - 2.0 * (larger - 1.0) / larger
    return np.where(n > 2.0, depth, np.where(n == 2.0, 1.0, 0.0))  # noqa: PLR2004
