"""The default detector: six views of a row, combined as tail p-values."""

from dataclasses import dataclass

import numpy as np

from anomaly_app.core.arrays import Flags, Indices, Matrix, Vector
from anomaly_app.core.calibration import Calibration
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.gaussian_mixture import GaussianMixtureDetector
from anomaly_app.core.detectors.knn import NearestNeighborsDetector
from anomaly_app.core.detectors.neighbourhood import Neighbourhood
from anomaly_app.core.detectors.products import product
from anomaly_app.core.detectors.scaling import Robust
from anomaly_app.core.detectors.tiny_subsamples import TinySubsamples
from anomaly_app.core.detectors.trimming import drawn_rows, most_ordinary, ordinary_rows
from anomaly_app.core.detectors.whitening import WhitenedNormalScores, distances

TRIM = 0.02
"""History is expected to hold a few per cent of anomalies."""

PER_ROWS = 5_000
"""Number of rows up to which `EnsembleDetector.n_neighbors` applies unchanged."""

DENSITY_ROWS = 3_000
"""Rows used to choose the mixture's number of components, which takes six fits."""

MEMBERS = {
    "nearest": 2,
    "local": 1,
    "subsamples": 1,
    "mixture": 1,
    "rank nearest": 1,
    "rank centre": 1,
}
"""The members and their weights."""

SHARES = np.array(list(MEMBERS.values())) / sum(MEMBERS.values())


@dataclass(kw_only=True, eq=False, repr=False)
class EnsembleDetector(Detector):
    """The cubic mean over six members of the logarithm of the tail p-value.

    Four use the features as they are: the distance to the nearest rows finds rows that lie
    outside, that distance relative to the neighbours' own finds rows next to dense groups, the
    distance to the nearest of few rows finds anomalies that lie outside together, and the density
    of a mixture finds rows between groups. Two use whitened normal scores, in which no feature has
    a longer tail than others: the nearest rows again, and the distance from the centre, which finds
    unusual combinations of values. Each misses what another one finds. Tail p-values make them
    comparable without saturating, and cubes give the most surprised member the most weight.

    Parameters
    ----------
    n_neighbors
        Number of neighbours for a distance among up to `PER_ROWS` rows; it grows in proportion with
        more rows, so that it takes the same share of anomalies in the history to hide another one.
    max_rows
        See `Detector`.
    trim
        Share of the training rows, the most abnormal ones, that are not used as neighbours or for
        calibration; 0 trims nothing. They are found in two steps: a fit without the rows that a
        forest isolates first scores all rows, and is repeated without the most abnormal of these.
        Neighbours must not be anomalies, since these would hide similar ones; the mixture and the
        ranks, which a few rows hardly affect, use all rows, so that rows trimmed by mistake are
        not far from everything.
    contamination, random_state
        See `Detector`.

    Attributes
    ----------
    calibrations_ : list of Calibration
        One per member of `MEMBERS`.

    Notes
    -----
    Trimming again after a first fit is the reweighting step of robust estimators: Rousseeuw and van
    Driessen, *A fast algorithm for the minimum covariance determinant estimator*, 1999.
    """

    n_neighbors: int = 3
    max_rows: int | None = 10_000
    trim: float = TRIM

    def _learn_from(
        self, matrix: Matrix, certain: Flags | None, random: np.random.RandomState
    ) -> None:
        drawn = drawn_rows(len(matrix), self.max_rows, random, certain)
        rows, known = matrix[drawn], None if certain is None else certain[drawn]
        first = ordinary_rows(rows, self.trim, random, known)
        self._learn(rows, random)
        of_all_rows = -self._mixture.held_out_scores(rows), self._whitened(rows)
        scores = self._fit_to(first, rows, *of_all_rows)
        if len(first) < len(rows):
            self._fit_to(most_ordinary(scores, self.trim, known), rows, *of_all_rows)

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        """Fit the parts that learn from all rows."""
        seed = random.randint(2**31 - 1)
        self._mixture = GaussianMixtureDetector(max_rows=DENSITY_ROWS, random_state=seed).fit(rows)
        self._whitened = WhitenedNormalScores(rows)

    def _fit_to(
        self,
        ordinary: Indices,
        rows: Matrix,
        mixture: Vector,
        whitened: Matrix,
    ) -> Vector:
        """Fit the parts that learn from ordinary rows, and score all rows, each as if left out."""
        seed = self._mixture.random_state
        self._scaled = Robust(rows[ordinary])
        neighbors = round(self.n_neighbors * max(len(ordinary) / PER_ROWS, 1.0))
        scaled = self._scaled(rows)
        self._neighbourhood = Neighbourhood(
            scaled[ordinary], neighbors, np.random.RandomState(seed)
        )
        self._rank_nearest = NearestNeighborsDetector(
            n_neighbors=neighbors, scaling="none", max_rows=None, random_state=seed
        ).fit(whitened[ordinary])
        self._subsamples = TinySubsamples(scaled[ordinary], np.random.RandomState(seed))
        raw = (
            *self._neighbourhood.measure_held_out(scaled),
            self._subsamples.held_out_distances(scaled),
            mixture,
            -self._rank_nearest.held_out_scores(whitened),
            self._whitened.held_out_distances(whitened),
        )
        self.calibrations_ = [Calibration.fit(member[ordinary]) for member in raw]
        return _together(self._log_p(raw))

    def score_rows(self, matrix: Matrix) -> Vector:
        """Score rows without checks; see `Detector`."""
        return _together(self.log_p_of_members(matrix))

    def log_p_of_members(self, matrix: Matrix) -> Matrix:
        """Return logarithms of each member's tail p-values, shape ``(members, rows)``.

        Parameters
        ----------
        matrix
            Finite, shape ``(rows, features)`` with the features of the fit.
        """
        scaled, whitened = self._scaled(matrix), self._whitened(matrix)
        return self._log_p(
            (
                *self._neighbourhood.measure(scaled),
                self._subsamples.distances(scaled),
                -self._mixture.score_rows(matrix),
                -self._rank_nearest.score_rows(whitened),
                distances(whitened),
            )
        )

    def _log_p(self, raw: tuple[Vector, ...]) -> Matrix:
        log_p = np.empty((len(raw), len(raw[0])))
        for index, (calibration, member) in enumerate(zip(self.calibrations_, raw, strict=True)):
            log_p[index] = calibration.log_p_values(member)
        return log_p


def _together(log_p: Matrix) -> Vector:
    scores: Vector = np.cbrt(product(SHARES[np.newaxis], log_p * log_p * log_p)[0])
    return scores
