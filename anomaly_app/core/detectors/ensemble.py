"""The default: detectors that see different things, averaged as tail p-values."""

from typing import Any

import numpy as np

from anomaly_app.core.calibration import Calibration
from anomaly_app.core.detectors.base import CONTAMINATION, Detector
from anomaly_app.core.detectors.gaussian_mixture import GaussianMixture
from anomaly_app.core.detectors.knn import NearestNeighbors
from anomaly_app.core.schema import Matrix


class Ensemble(Detector):
    """The mean of the members' logarithms of p-values."""

    def __init__(
        self,
        *,
        max_rows: int | None = 20_000,
        trim: float = 0.05,
        contamination: float = CONTAMINATION,
        random_state: Any = None,
    ) -> None:
        self.max_rows = max_rows
        self.trim = trim
        self.contamination = contamination
        self.random_state = random_state

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        members = [
            NearestNeighbors(max_rows=2_000, random_state=random),
            NearestNeighbors(max_rows=2_000, scaling="normal_scores", random_state=random),
            GaussianMixture(random_state=random),
        ]
        self.members_ = [member.fit(rows) for member in members]
        self._calibrations = [Calibration.fit(-m.score_rows(rows)) for m in self.members_]

    def score_rows(self, matrix: Matrix) -> Matrix:
        """Score rows without checks; see `Detector`."""
        log_p = [
            calibration.log_p_values(-member.score_rows(matrix))
            for member, calibration in zip(self.members_, self._calibrations, strict=True)
        ]
        mean: Matrix = np.mean(log_p, axis=0)
        return mean
