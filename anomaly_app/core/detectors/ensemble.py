"""The default: six views of a row, put together as tail p-values."""

from dataclasses import dataclass

import numpy as np

from anomaly_app.core.arrays import Indices, Matrix, Vector
from anomaly_app.core.calibration import Calibration
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.gaussian_mixture import GaussianMixtureDetector
from anomaly_app.core.detectors.knn import NearestNeighborsDetector
from anomaly_app.core.detectors.neighbourhood import Neighbourhood
from anomaly_app.core.detectors.scaling import Robust
from anomaly_app.core.detectors.tiny_subsamples import TinySubsamples
from anomaly_app.core.detectors.trimming import most_ordinary, ordinary_rows, subsample
from anomaly_app.core.detectors.whitening import WhitenedNormalScores, distances

TRIM = 0.02
"""History is expected to hold a few per cent of anomalies."""

PER_ROWS = 5_000
"""Rows of which the neighbours of a distance are `EnsembleDetector.n_neighbors`."""

DENSITY_ROWS = 3_000
"""Rows that the mixture's number of components is chosen on: it takes six fits."""

MEMBERS = {
    "nearest": 2,
    "local": 1,
    "subsamples": 1,
    "mixture": 1,
    "rank nearest": 1,
    "rank centre": 1,
}
"""What is put together, and how many times each counts."""

SHARES = np.array(list(MEMBERS.values())) / sum(MEMBERS.values())


@dataclass(kw_only=True, eq=False, repr=False)
class EnsembleDetector(Detector):
    """The cubic mean over six members of the logarithm of the tail p-value.

    Four look at the features as they are: the distance to the nearest rows finds what lies
    outside, that distance by the neighbours' own what lies beside dense groups, the distance to
    the nearest of few rows what lies outside together, and the density of a mixture what lies
    between groups. Two look at normal scores, whitened, in which long tails are
    no longer than others: the nearest rows again, and the distance from the centre for values that
    do not go together. Each misses what another one sees. Tail p-values make them comparable
    without saturating, and cubes let the one that is surprised most count most.

    Parameters
    ----------
    n_neighbors
        Neighbours that a distance is to, of up to `PER_ROWS` rows; of more rows as many more. So
        it takes the same share of anomalies in the history to hide another one.
    max_rows
        See `Detector`.
    trim
        Share of the training rows, the most abnormal, that are no neighbours and calibrate
        nothing; 0 trims nothing. They are found in two steps: a fit without the rows that a
        forest isolates first judges all rows, and is made again without the most abnormal of
        these. Neighbours must not be anomalies, since like ones would hide behind them; the
        mixture and the ranks, which a few rows move little, are of all rows, so that what is
        trimmed by mistake is not far from everything.
    contamination, random_state
        See `Detector`.

    Attributes
    ----------
    calibrations_ : list of Calibration
        One for each of `MEMBERS`.

    Notes
    -----
    Trimming again by a first fit is the reweighting step of robust estimators: Rousseeuw and van
    Driessen, *A fast algorithm for the minimum covariance determinant estimator*, 1999.
    """

    n_neighbors: int = 3
    max_rows: int | None = 10_000
    trim: float = TRIM

    def _rows_to_learn(self, matrix: Matrix, random: np.random.RandomState) -> Matrix:
        return subsample(matrix, self.max_rows, random)

    def _learn(self, rows: Matrix, random: np.random.RandomState) -> None:
        first = ordinary_rows(rows, self.trim, random)
        seed = random.randint(2**31 - 1)
        self._mixture = GaussianMixtureDetector(max_rows=DENSITY_ROWS, random_state=seed).fit(rows)
        self._whitened = WhitenedNormalScores(rows)
        of_all_rows = -self._mixture.held_out_scores(rows), self._whitened(rows)
        scores = self._fit_to(first, rows, *of_all_rows, seed)
        if len(first) < len(rows):
            self._fit_to(most_ordinary(scores, self.trim), rows, *of_all_rows, seed)

    def _fit_to(
        self,
        ordinary: Indices,
        rows: Matrix,
        mixture: Vector,
        whitened: Matrix,
        seed: int,
    ) -> Vector:
        """Fit what is learnt from ordinary rows only, and score all, each as if left out."""
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
        """Logarithms of the tail p-values of each member, shape ``(members, rows)``.

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
    scores: Vector = np.cbrt(SHARES @ (log_p * log_p * log_p))
    return scores
