"""ECOD: the sum of how rare each feature's value is by itself."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import skew

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.calibration import Calibration
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.products import column_sums


@dataclass(kw_only=True, eq=False, repr=False)
class ECODDetector(Detector):
    """The sum over the features of minus the logarithm of a tail probability.

    A row's score is the largest of three sums over the features: of the upper tails, of the lower
    ones, and of each feature's longer tail, given by the sign of its skewness.

    Parameters
    ----------
    tails
        Which tails count: ``auto`` is the paper's largest of the three sums; ``upper``, ``lower``
        and ``both`` (the rarer tail of each feature) are a single sum.
    max_rows, trim, contamination, random_state
        See `Detector`.

    Attributes
    ----------
    upper_, lower_ : list of Calibration
        One per feature.
    skewed_down_ : ndarray of bool, shape (features,)
        Features whose longer tail is the lower one.

    Notes
    -----
    Li and others, *ECOD: unsupervised outlier detection using empirical cumulative distribution
    functions*, 2022. The tails differ from the paper: inside the range of the training rows they
    are empirical (in `Calibration`'s steps); beyond it `Calibration` extrapolates them, whereas the
    paper's probability stays at one row's share. So a value far outside is rarer than one just
    outside.
    """

    tails: Literal["auto", "both", "upper", "lower"] = "auto"

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:  # noqa: ARG002
        if self.tails not in {"auto", "both", "upper", "lower"}:
            raise ValueError(f"tails is {self.tails!r}; it must be auto, both, upper or lower")
        self.upper_ = [Calibration.fit(column) for column in rows.T]
        self.lower_ = [Calibration.fit(-column) for column in rows.T]
        varied = np.ptp(rows, axis=0) > 0.0
        self.skewed_down_ = np.zeros(rows.shape[1], dtype=bool)
        self.skewed_down_[varied] = skew(rows[:, varied], axis=0) < 0.0

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        columns = matrix.T
        upper = np.array([c.log_p_values(x) for c, x in zip(self.upper_, columns, strict=True)])
        lower = np.array([c.log_p_values(-x) for c, x in zip(self.lower_, columns, strict=True)])
        scores: Vector
        match self.tails:
            case "upper":
                scores = column_sums(upper)
            case "lower":
                scores = column_sums(lower)
            case "both":
                scores = column_sums(np.minimum(upper, lower))
            case _:
                longer = np.where(self.skewed_down_[:, np.newaxis], lower, upper)
                sums = [column_sums(tail) for tail in (upper, lower, longer)]
                scores = np.min(sums, axis=0)
        return scores
