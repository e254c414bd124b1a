"""The default: four detectors that see different things, put together as tail p-values."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from anomaly_app.core.calibration import Calibration
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.gaussian_mixture import GaussianMixture
from anomaly_app.core.detectors.knn import NearestNeighbors
from anomaly_app.core.detectors.scaling import NormalScores
from anomaly_app.core.detectors.trimming import ordinary_rows, subsample
from anomaly_app.core.schema import Matrix

TRIM = 0.02
"""History is expected to hold a few per cent of anomalies."""

DENSITY_ROWS = 3_000
"""Rows that the mixture's number of components is chosen on: it takes six fits."""


@dataclass(kw_only=True, eq=False, repr=False)
class Ensemble(Detector):
    """The root mean square over four detectors of the logarithm of the tail p-value.

    Two look at the features as they are: the distance to the nearest rows finds what lies
    outside, the density of a mixture finds what lies between groups. Two look at normal scores,
    in which long tails are no longer than others: again the nearest rows, and one Gaussian for
    values that do not go together. Each misses what another one sees. Tail p-values make them
    comparable without saturating, and squares let the one that is surprised most count most.

    Parameters
    ----------
    n_neighbors
        Neighbours that a row is compared with.
    references
        Training rows that neighbours are looked for among; the cost of a score grows with them.
    max_rows
        See `Detector`.
    trim
        Share of the training rows, the most isolated, that the first two and all calibrations
        leave out; 0 trims nothing. Normal scores are of ranks, which a few anomalies do not
        stretch: the other two learn from all rows.
    contamination, random_state
        See `Detector`.

    Attributes
    ----------
    members_ : list of Detector
    calibrations_ : list of Calibration
        One for each member.
    """

    n_neighbors: int = 5
    references: int = 1_000
    max_rows: int | None = 20_000
    trim: float = TRIM

    def _rows_to_learn(self, matrix: Matrix, random: np.random.RandomState) -> Matrix:
        return subsample(matrix, self.max_rows, random)

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        ordinary = ordinary_rows(rows, self.trim, random)
        self._normal_scores = NormalScores(rows)
        ranked = self._normal_scores(rows)
        seed = random.randint(2**31 - 1)
        nearest = partial(
            NearestNeighbors,
            n_neighbors=self.n_neighbors,
            max_rows=self.references,
            random_state=seed,
        )
        rank_density = GaussianMixture(
            n_components=1, scaling="none", max_rows=None, random_state=seed
        )
        density = GaussianMixture(max_rows=DENSITY_ROWS, random_state=seed)
        self.members_ = [
            nearest().fit(rows[ordinary]),
            density.fit(rows[ordinary]),
            nearest(scaling="none").fit(ranked),
            rank_density.fit(ranked),
        ]
        self.calibrations_ = [
            Calibration.fit(-member.held_out_scores(seen[ordinary]))
            for member, seen in zip(self.members_, (rows, rows, ranked, ranked), strict=True)
        ]

    def score_rows(self, matrix: Matrix) -> Matrix:
        """Score rows without checks; see `Detector`."""
        ranked = self._normal_scores(matrix)
        squares = np.zeros(len(matrix))
        for member, calibration, seen in zip(
            self.members_, self.calibrations_, (matrix, matrix, ranked, ranked), strict=True
        ):
            squares += np.square(calibration.log_p_values(-member.score_rows(seen)))
        return -np.sqrt(squares / len(self.members_))
