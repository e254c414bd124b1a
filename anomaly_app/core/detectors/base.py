"""The base of all detectors: checks, trimming, and scikit-learn's interface."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly_app.core.arrays import Flags, Integers, Matrix, Vector
from anomaly_app.core.detectors.trimming import drawn_rows, ordinary_rows, subsample

CONTAMINATION = 0.01
"""Share of the training rows that `predict` calls outliers; the app has its own thresholds."""

MOST_JUDGED = 50_000
"""Training rows, drawn at random, that the offset is computed from."""

CHUNK = 8_192
"""Maximum number of rows scored in one call: some detectors need kilobytes per row."""


def in_chunks(score: Callable[[Matrix], Vector], matrix: Matrix) -> Vector:
    """Score a matrix of any length in calls of at most `CHUNK` rows, shape ``(rows,)``."""
    if len(matrix) <= CHUNK:
        return score(matrix)
    starts = range(0, len(matrix), CHUNK)
    return np.concatenate([score(matrix[start : start + CHUNK]) for start in starts])


@dataclass(kw_only=True, eq=False, repr=False)
class Detector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """A scikit-learn outlier detector that can also score without input checks.

    A subclass names its parameters as fields, learns in `_learn`, and scores in `score_rows`.
    All detectors have these four parameters:

    Parameters
    ----------
    max_rows
        Maximum number of training rows to learn from, drawn at random; None is all of them.
    trim
        Share of the training rows, 0 to below 0.5, that is left out of the fit: the most isolated
        ones, since history is seldom free of anomalies. 0 trims nothing.
    contamination
        Share of the training rows, above 0 and at most 0.5, that `predict` calls outliers.
    random_state
        Seed for all randomness in the fit.

    Attributes
    ----------
    offset_ : float
        Score below which `predict` says -1.
    """

    max_rows: int | None = None
    trim: float = 0.0
    contamination: float = CONTAMINATION
    random_state: Any = None

    def fit(
        self,
        X: npt.ArrayLike,  # noqa: N803
        y: Any = None,  # noqa: ARG002
        certain: Flags | None = None,
    ) -> Self:
        """Learn what is ordinary.

        Parameters
        ----------
        X
            Shape ``(rows, features)``, finite.
        y
            Ignored.
        certain
            Whether each row is known to be ordinary, and must not be trimmed, shape ``(rows,)``;
            None: none is.

        Raises
        ------
        ValueError
            A parameter is out of range, or `X` is not a finite matrix with at least two rows.
        """
        self._check_shares()
        matrix: Matrix = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        random = check_random_state(self.random_state)
        self._learn_from(matrix, certain, random)
        judged = subsample(matrix, MOST_JUDGED, random)
        self.offset_ = float(np.quantile(in_chunks(self.score_rows, judged), self.contamination))
        return self

    def score_samples(self, X: npt.ArrayLike) -> Vector:  # noqa: N803
        """Score rows, low = abnormal, shape ``(rows,)``."""
        check_is_fitted(self)
        matrix = validate_data(self, X, dtype=np.float64, reset=False)
        return in_chunks(self.score_rows, matrix)

    def decision_function(self, X: npt.ArrayLike) -> Vector:  # noqa: N803
        """Score rows against the threshold, negative = outlier, shape ``(rows,)``."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> Integers:  # noqa: N803
        """Classify rows as outliers (-1) or inliers (1), shape ``(rows,)``."""
        return np.where(self.decision_function(X) < 0.0, -1, 1)

    @abstractmethod
    def score_rows(self, matrix: Matrix) -> Vector:
        """Like `score_samples`, but without its checks, which take longer than a small batch.

        Parameters
        ----------
        matrix
            Finite, shape ``(rows, features)`` with the features of the fit.
        """

    def held_out_scores(self, rows: Matrix) -> Vector:
        """Score rows of the fit as if they had not been in it, as far as the detector supports it.

        Parameters
        ----------
        rows
            Finite, shape ``(rows, features)``.
        """
        return in_chunks(self.score_rows, rows)

    def _learn_from(
        self, matrix: Matrix, certain: Flags | None, random: np.random.RandomState
    ) -> None:
        """Trim, draw, and learn from the rows that are left."""
        ordinary = ordinary_rows(matrix, self.trim, random, certain)
        known = None if certain is None else certain[ordinary]
        drawn = drawn_rows(len(ordinary), self.max_rows, random, known)
        self._learn(matrix[ordinary[drawn]], random)

    @abstractmethod
    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        """Learn from the rows that are left after trimming."""

    def _check_shares(self) -> None:
        if not 0.0 <= self.trim < 0.5:  # noqa: PLR2004
            raise ValueError(f"trim is {self.trim}; it must be at least 0 and below 0.5")
        if not 0.0 < self.contamination <= 0.5:  # noqa: PLR2004
            raise ValueError(
                f"contamination is {self.contamination}; it must be above 0 and at most 0.5"
            )
