"""The default: three detectors that see different things, averaged as tail p-values."""

from typing import Any

import numpy as np

from anomaly_app.core.calibration import Calibration
from anomaly_app.core.detectors.base import CONTAMINATION, Detector
from anomaly_app.core.detectors.gaussian_mixture import GaussianMixture
from anomaly_app.core.detectors.knn import NearestNeighbors
from anomaly_app.core.detectors.scaling import NormalScores
from anomaly_app.core.detectors.trimming import ordinary_rows, subsample
from anomaly_app.core.schema import Matrix

TRIM = 0.02
"""History is expected to hold a few per cent of anomalies."""


class Ensemble(Detector):
    """The mean over three detectors of the logarithm of the tail p-value.

    Distances to the nearest rows find what lies outside; distances between normal scores find
    what is odd where features have long tails; a Gaussian over normal scores finds combinations
    that do not go together. Each alone misses what another one sees, and their p-values can be
    averaged because they do not saturate.

    Parameters
    ----------
    n_neighbors
        Neighbours that a row is compared with.
    references
        Training rows that neighbours are looked for among; the cost of a score grows with them.
    max_rows
        See `Detector`.
    trim
        Share of the training rows, the most isolated, that are no neighbours of anything; 0 trims
        nothing. Normal scores are of ranks, which a few anomalies do not stretch: they are
        learnt from all rows.
    contamination, random_state
        See `Detector`.

    Attributes
    ----------
    members_ : list of Detector
    calibrations_ : list of Calibration
        One for each member.
    """

    def __init__(
        self,
        *,
        n_neighbors: int = 5,
        references: int = 1_000,
        max_rows: int | None = 20_000,
        trim: float = TRIM,
        contamination: float = CONTAMINATION,
        random_state: Any = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.references = references
        self.max_rows = max_rows
        self.trim = trim
        self.contamination = contamination
        self.random_state = random_state

    def _rows_to_learn(self, matrix: Matrix, random: np.random.RandomState) -> Matrix:
        return subsample(matrix, self.max_rows, random)

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        ordinary = ordinary_rows(rows, self.trim, random)
        self._normal_scores = NormalScores(rows)
        ranked = self._normal_scores(rows)
        seed = random.randint(2**31 - 1)
        neighbours = {
            "n_neighbors": self.n_neighbors,
            "max_rows": self.references,
            "random_state": seed,
        }
        combinations = GaussianMixture(
            n_components=1, scaling="none", max_rows=None, random_state=seed
        )
        self.members_ = [
            NearestNeighbors(**neighbours).fit(rows[ordinary]),
            NearestNeighbors(**neighbours, scaling="none").fit(ranked),
            combinations.fit(ranked),
        ]
        self.calibrations_ = [
            Calibration.fit(-member.held_out_scores(seen[ordinary]))
            for member, seen in zip(self.members_, (rows, ranked, ranked), strict=True)
        ]

    def score_rows(self, matrix: Matrix) -> Matrix:
        """Score rows without checks; see `Detector`."""
        ranked = self._normal_scores(matrix)
        total = np.zeros(len(matrix))
        for member, calibration, seen in zip(
            self.members_, self.calibrations_, (matrix, ranked, ranked), strict=True
        ):
            total += calibration.log_p_values(-member.score_rows(seen))
        return total / len(self.members_)
