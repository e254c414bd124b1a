"""Gradient boosting, for labelled data."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly_app.core.arrays import Matrix, Vector


@dataclass(kw_only=True, eq=False, repr=False)
class GradientBoostingDetector(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Scikit-learn's histogram gradient boosting, scored as a detector.

    It only finds anomalies like those that were labelled; use it next to a detector without
    labels, which finds new kinds.

    Parameters
    ----------
    max_iter
        Maximum number of trees; it stops earlier when the loss on a tenth of the rows no longer
        falls.
    learning_rate
        Weight of each tree, above 0.
    random_state
        Seed for all randomness in the fit.

    Attributes
    ----------
    classes_ : ndarray of two labels
        The lower one is the anomaly, as -1 is in scikit-learn's outlier detectors.
    booster_ : sklearn.ensemble.HistGradientBoostingClassifier
    n_iter_ : int
        Number of trees.

    Notes
    -----
    Anomalies are weighted so that both classes count the same.
    """

    max_iter: int = 200
    learning_rate: float = 0.1
    random_state: Any = None

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike | None = None) -> Self:  # noqa: N803
        """Learn to tell the two classes apart.

        Parameters
        ----------
        X
            Shape ``(rows, features)``, finite.
        y
            Shape ``(rows,)``: -1 for anomalies and 1 for all others.

        Raises
        ------
        ValueError
            There are no labels, or not exactly two classes.
        """
        matrix, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if len(self.classes_) != 2:  # noqa: PLR2004
            raise ValueError(
                "Only binary classification is supported. y must hold anomalies and others, but "
                f"has {len(self.classes_)} class{'es' * (len(self.classes_) > 1)}."
            )
        self.booster_ = HistGradientBoostingClassifier(
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            class_weight="balanced",
            early_stopping="auto",
            random_state=self.random_state,
        ).fit(matrix, labels)
        self.n_iter_ = self.booster_.n_iter_
        return self

    def score_samples(self, X: npt.ArrayLike) -> Vector:  # noqa: N803
        """Return the log-odds that each row is ordinary, low = abnormal, shape ``(rows,)``."""
        check_is_fitted(self)
        matrix: Matrix = validate_data(self, X, dtype=np.float64, reset=False)
        return self.score_rows(matrix)

    def decision_function(self, X: npt.ArrayLike) -> Vector:  # noqa: N803
        """Like `score_samples`; negative is the anomalous class."""
        return self.score_samples(X)

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:  # noqa: N803
        """Predict the class of each row, shape ``(rows,)``."""
        is_ordinary = (self.decision_function(X) > 0.0).astype(int)
        classes: npt.NDArray[Any] = self.classes_[is_ordinary]
        return classes

    def score_rows(self, matrix: Matrix) -> Vector:
        """Like `score_samples`, but without its checks."""
        scores: Vector = self.booster_.decision_function(matrix)
        return scores

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
