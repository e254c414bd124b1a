"""The scikit-learn pipeline behind a model: missing values, scaling, categories, detector."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import RobustScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly_app.core.schema import FeatureSchema, Matrix

TREES = 100
SUBSAMPLE = 256
"""Rows that each tree sees: the paper's subsample."""


class RarityEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Replace a category's code by its rarity, ``-log10`` of its frequency in training.

    A code that training did not hold, and a missing value where training had none, count as
    seen half a time, so that they are the rarest of all.

    Attributes
    ----------
    codes_ : list of ndarray
        Per column, the sorted codes that training held; NaN is last.
    rarities_ : list of ndarray
        Per column, the rarity of each of `codes_`.
    unseen_ : float
        Rarity of everything else.
    """

    def fit(self, X: npt.ArrayLike, y: Any = None) -> Self:  # noqa: N803, ARG002
        """Count the codes.

        Parameters
        ----------
        X
            Codes, shape ``(rows, columns)``; NaN is missing.
        y
            Ignored.
        """
        codes = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        rows = len(codes)
        self.codes_: list[Matrix] = []
        self.rarities_: list[Matrix] = []
        for column in codes.T:
            seen, counts = np.unique(column, return_counts=True)
            self.codes_.append(seen)
            self.rarities_.append(-np.log10(counts / (rows + 1)))
        self.unseen_ = float(-np.log10(0.5 / (rows + 1)))
        return self

    def transform(self, X: npt.ArrayLike) -> Matrix:  # noqa: N803
        """Replace codes by rarities.

        Parameters
        ----------
        X
            Codes, shape ``(rows, columns)``.
        """
        check_is_fitted(self)
        codes: Matrix = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        rarities = np.empty_like(codes)
        for place, (seen, rarity) in enumerate(zip(self.codes_, self.rarities_, strict=True)):
            column = codes[:, place]
            at = np.minimum(np.searchsorted(seen, column), len(seen) - 1)
            known = (seen[at] == column) | (np.isnan(seen[at]) & np.isnan(column))
            rarities[:, place] = np.where(known, rarity[at], self.unseen_)
        return rarities

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def make_estimator(schema: FeatureSchema, *, random_state: int) -> Pipeline:
    """Build the unfitted pipeline for a schema.

    Parameters
    ----------
    schema
        Decides which columns are numbers and which are categories.
    random_state
        Seed of everything random in the fit.

    Notes
    -----
    Isolation Forest: Liu, Ting and Zhou, *Isolation Forest*, ICDM 2008.
    """
    categories = [i for i, f in enumerate(schema.features) if f.kind == "category"]
    numbers = [i for i, f in enumerate(schema.features) if f.kind != "category"]
    preprocess = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(
                    SimpleImputer(strategy="median", keep_empty_features=True), RobustScaler()
                ),
                numbers,
            ),
            ("categories", RarityEncoder(), categories),
        ]
    )
    detector = IsolationForest(n_estimators=TREES, max_samples=SUBSAMPLE, random_state=random_state)
    return Pipeline([("preprocess", preprocess), ("detector", detector)])
