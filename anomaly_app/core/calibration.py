"""From a detector's raw scores to tail p-values that do not saturate."""

from functools import cached_property
from typing import Self

import msgspec
import numpy as np

from anomaly_app.core.schema import Matrix

GRID = 512
"""Points that describe the empirical distribution."""

TAIL_ROWS = 50
"""Held-back rows beyond which the exponential tail takes over, and from which it is fitted."""

SCORE_EXPONENT = 0.25
"""``score = 1 - p ** 0.25``: 1 in 100 is 0.68, 1 in 1,000 is 0.82, 1 in 100,000 is 0.94."""


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """How rare a raw score is among ordinary transactions.

    Inside the data it is the empirical survival function of the held-back rows; beyond their
    last `TAIL_ROWS` it is an exponential tail (peaks over threshold with shape 0: Pickands,
    *Statistical inference using extreme order statistics*, 1975), so that the 1-in-100,000
    event gets another p-value than the 1-in-1,000 one.

    Parameters
    ----------
    scores
        Raw scores (high = abnormal), increasing.
    log_p
        Natural logarithm of the share of held-back rows at or above each of `scores`.
    tail_scale
        Raw score by which the tail falls by a factor of e.
    rows
        How many rows were held back.
    """

    scores: tuple[float, ...]
    log_p: tuple[float, ...]
    tail_scale: float
    rows: int

    @classmethod
    def fit(cls, held_back: Matrix) -> Self:
        """Describe the distribution of held-back raw scores.

        Parameters
        ----------
        held_back
            Raw scores (high = abnormal) of rows that the detector was not fitted on,
            shape ``(rows,)``, at least one.
        """
        ordered = np.sort(np.asarray(held_back, dtype=np.float64))
        rows = len(ordered)
        tail_rows = min(TAIL_ROWS, max(rows // 5, 1))
        tail_start = rows - tail_rows
        ranks = np.unique(np.linspace(0, tail_start, GRID).astype(int))
        scores, first = np.unique(ordered[ranks], return_index=True)
        survival = (rows - ranks[first]) / (rows + 1)
        excess = float(np.mean(ordered[tail_start:] - ordered[tail_start]))
        spread = float(ordered[-1] - ordered[0])
        return cls(
            scores=tuple(scores.tolist()),
            log_p=tuple(np.log(survival).tolist()),
            tail_scale=max(excess, spread * 1e-6, 1e-12),
            rows=rows,
        )

    def log_p_values(self, raw: Matrix) -> Matrix:
        """Natural logarithm of the p-values of raw scores, elementwise, at most 0."""
        scores, log_p = self._grid
        beyond: Matrix = np.maximum(raw - scores[-1], 0.0) / self.tail_scale
        return np.interp(raw, scores, log_p, left=0.0) - beyond

    @cached_property
    def _grid(self) -> tuple[Matrix, Matrix]:
        return np.array(self.scores), np.array(self.log_p)


def score_of(p_value: Matrix | float) -> Matrix:
    """Turn p-values (0 to 1) into scores from 0 to 1, high = anomalous."""
    return 1.0 - np.asarray(p_value, dtype=np.float64) ** SCORE_EXPONENT
