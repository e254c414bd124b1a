"""The scikit-learn pipeline behind a model: missing values, rare categories, detector."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors import make_detector
from anomaly_app.core.model.missingness import Missingness
from anomaly_app.core.model.schema import FeatureSchema


class Preparation(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fill in missing values, and replace category codes by their rarities.

    A category becomes ``-log10`` of its training frequency; a code that did not occur in training
    counts as seen half a time, so that it is the rarest of all. A code that stands for many rare
    values counts as seen as often as they are on average. A missing value becomes the median of its
    column, of the numbers or of the rows' rarities, or 0 if training had no values at all, so that
    it looks ordinary to the detector. How unusual gaps are is the subject of `missingness_`.

    Parameters
    ----------
    categories
        Indices of the columns with codes; all others hold numbers.
    rare
        For each column in which one code stands for many values, the code and the number of
        values.

    Attributes
    ----------
    fill_ : ndarray
        Per column, the replacement for missing values.
    codes_, rarities_ : dict of int to ndarray
        Per column of codes, the sorted codes in the training data, and their rarities.
    unseen_ : float
        Rarity of all other codes.
    missingness_ : Missingness
        How unusual gaps are.
    """

    def __init__(
        self,
        categories: Sequence[int] = (),
        rare: Mapping[int, tuple[float, int]] | None = None,
    ) -> None:
        self.categories = categories
        self.rare = rare

    def fit(self, X: npt.ArrayLike, y: Any = None) -> Self:  # noqa: N803, ARG002
        """Learn medians and frequencies.

        Parameters
        ----------
        X
            Shape ``(rows, columns)``; NaN is missing.
        y
            Ignored.
        """
        matrix: Matrix = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        rows, columns = matrix.shape
        self.fill_: Vector = np.zeros(columns)
        self.codes_: dict[int, Vector] = {}
        self.rarities_: dict[int, Vector] = {}
        gaps = np.isnan(matrix)
        for index in range(columns):
            known = matrix[~gaps[:, index], index]
            if index in self.categories:
                known = self._learn_rarities(index, known, rows)
            if len(known):
                self.fill_[index] = np.median(known)
        self.missingness_ = Missingness(gaps)
        self.unseen_ = float(-np.log10(0.5 / (rows + 1)))
        return self

    def _learn_rarities(self, index: int, known: Vector, rows: int) -> Vector:
        """Learn the rarities of a column's codes, and return those of its rows, in any order."""
        codes, counts = np.unique(known, return_counts=True)
        code, values = (self.rare or {}).get(index, (np.nan, 1))
        often = np.where(codes == code, counts / values, counts)
        self.codes_[index] = codes if len(codes) else np.full(1, np.nan)
        self.rarities_[index] = -np.log10(often / (rows + 1)) if len(codes) else np.zeros(1)
        return np.repeat(self.rarities_[index], counts if len(codes) else 0)

    def transform(self, X: npt.ArrayLike) -> Matrix:  # noqa: N803
        """Fill in missing values, and replace codes.

        Parameters
        ----------
        X
            Shape ``(rows, columns)``; NaN is missing.
        """
        check_is_fitted(self)
        return self.prepare(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        )

    def prepare(self, matrix: Matrix) -> Matrix:
        """Like `transform`, but without its checks, which take longer than a small batch.

        Parameters
        ----------
        matrix
            A matrix of the schema that this was fitted for, shape ``(rows, columns)``.
        """
        gaps = np.isnan(matrix)
        if not self.codes_ and not gaps.any():
            return matrix
        prepared = np.where(gaps, self.fill_, matrix)
        for index, seen in self.codes_.items():
            column = matrix[:, index]
            at = np.minimum(np.searchsorted(seen, column), len(seen) - 1)
            rarities = np.where(seen[at] == column, self.rarities_[index][at], self.unseen_)
            prepared[:, index] = np.where(gaps[:, index], self.fill_[index], rarities)
        return prepared

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def make_estimator(
    schema: FeatureSchema, detector: str = "default", *, random_state: int, **params: Any
) -> Pipeline:
    """Build the unfitted pipeline for a schema.

    Parameters
    ----------
    schema
        Determines which columns are numbers and which are categories.
    detector
        A name for `anomaly_app.core.detectors.make_detector`.
    random_state
        Seed for all randomness in the fit.
    **params
        Parameters of the detector.
    """
    categories = [i for i, f in enumerate(schema.features) if f.kind == "category"]
    rare = {
        i: (f.other_code, f.rare_values) for i, f in enumerate(schema.features) if f.rare_values
    }
    made = make_detector(detector, random_state=random_state, **params)
    return Pipeline([("prepare", Preparation(categories, rare or None)), ("detector", made)])
