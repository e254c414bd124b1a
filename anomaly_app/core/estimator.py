"""The scikit-learn pipeline behind a model: missing values, rare categories, detector."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly_app.core.detectors import make_detector
from anomaly_app.core.schema import FeatureSchema, Matrix


class Preparation(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fill in missing numbers, and replace a category's code by its rarity.

    A missing number becomes the median of its column, or 0 where training had none at all.
    A category becomes ``-log10`` of its frequency in training; a code that training did not
    hold, and a missing one where training had none, count as seen half a time, so that they are
    the rarest of all.

    Parameters
    ----------
    categories
        Places of the columns that hold codes; all others hold numbers.

    Attributes
    ----------
    fill_ : ndarray
        Per column, what a missing number becomes; NaN in columns of codes.
    codes_, rarities_ : dict of int to ndarray
        Per column of codes, the sorted codes that training held (NaN is last), and their
        rarities.
    unseen_ : float
        Rarity of every other code.
    """

    def __init__(self, categories: Sequence[int] = ()) -> None:
        self.categories = categories

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
        self.fill_: Matrix = np.full(columns, np.nan)
        for place in set(range(columns)) - set(self.categories):
            known = matrix[~np.isnan(matrix[:, place]), place]
            self.fill_[place] = np.median(known) if len(known) else 0.0
        self.codes_: dict[int, Matrix] = {}
        self.rarities_: dict[int, Matrix] = {}
        for place in self.categories:
            self.codes_[place], counts = np.unique(matrix[:, place], return_counts=True)
            self.rarities_[place] = -np.log10(counts / (rows + 1))
        self.unseen_ = float(-np.log10(0.5 / (rows + 1)))
        return self

    def transform(self, X: npt.ArrayLike) -> Matrix:  # noqa: N803
        """Fill in and replace.

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
        """Do as `transform` does, without its checks: they cost more than a small batch.

        Parameters
        ----------
        matrix
            Of the schema that this was fitted for, shape ``(rows, columns)``.
        """
        gaps = np.isnan(matrix)
        if not self.codes_ and not gaps.any():
            return matrix
        prepared = np.where(gaps, self.fill_, matrix)
        for place, seen in self.codes_.items():
            column = matrix[:, place]
            at = np.minimum(np.searchsorted(seen, column), len(seen) - 1)
            known = (seen[at] == column) | (np.isnan(seen[at]) & np.isnan(column))
            prepared[:, place] = np.where(known, self.rarities_[place][at], self.unseen_)
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
        Decides which columns are numbers and which are categories.
    detector
        As `anomaly_app.core.detectors.make_detector` knows it.
    random_state
        Seed of everything random in the fit.
    **params
        Of the detector.
    """
    categories = [i for i, f in enumerate(schema.features) if f.kind == "category"]
    made = make_detector(detector, random_state=random_state, **params)
    return Pipeline([("prepare", Preparation(categories)), ("detector", made)])
