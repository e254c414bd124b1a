"""Turn a detector's raw scores into tail p-values that do not saturate."""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, Self

import msgspec
import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.wild_scores import LARGEST, Wild, wild_scores

GRID = 256
"""Points that describe the empirical distribution, spread evenly over the rows, and as many again
in the tail."""

ANCHOR = 5
"""Number of ordinary rows beyond which the fitted tail takes over: so few extreme rows may be
anomalies, which say nothing about the tail of ordinary rows."""

TAIL = 0.05
"""Share of the held-back rows, the most abnormal ones, that the tail is fitted to."""

HEAVIEST = 0.5
"""Largest shape of the tail; with it, p-values fall with the square of the raw score."""

KNOWN = 0.5
"""A group counts as known if its share of the history is at least this fraction of its share of
the held-back rows."""

SMALLEST = 1e-100
"""Magnitude below which raw scores count as 0."""

SCORE_EXPONENT = 0.25
"""``score = 1 - p ** 0.25``: 1 in 100 is 0.68, 1 in 1,000 is 0.82, 1 in 100,000 is 0.94."""


class Lookup(NamedTuple):
    """A calibration as plain arrays and numbers, for `anomaly_app.core.p_values`."""

    scores: Vector
    log_p: Vector
    tail_scale: float
    tail_shape: float


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """How rare a raw score is among ordinary transactions.

    Inside the data it is the empirical survival function of the held-back rows; beyond the
    last `ANCHOR` of them a generalised Pareto tail takes over, so that a 1-in-100,000 event gets
    a different p-value from a 1-in-1,000 one. Its shape comes from three order statistics
    (Pickands, *Statistical inference using extreme order statistics*, 1975), which a few wild
    rows among those held back do not move. If more are wild (see `wild_scores`), they are
    ignored: the tail takes over before them.

    Parameters
    ----------
    scores
        Raw scores (high = abnormal), increasing.
    log_p
        Natural logarithm of the share of ordinary held-back rows at or above each of `scores`.
    tail_scale
        Increase of the raw score over which the tail initially falls by a factor of e.
    tail_shape
        0 (an exponential tail) to `HEAVIEST`.
    rows
        Number of held-back rows.
    wild
        How many of them, the most abnormal ones, are ignored.
    """

    scores: tuple[float, ...]
    log_p: tuple[float, ...]
    tail_scale: float
    tail_shape: float
    rows: int
    wild: int = 0

    @classmethod
    def fit(cls, held_back: Vector, learnt: Vector | None = None) -> Self:
        """Fit the distribution of ordinary rows' raw scores.

        Parameters
        ----------
        held_back
            Raw scores (high = abnormal) of rows that the detector was not fitted on,
            shape ``(rows,)``, at least one.
        learnt
            Raw scores of rows that it was fitted on. If a group that looks wild is also among
            these, at least half as often, it belongs to the history and is not ignored: to a
            detector that trims, small groups of ordinary rows look far from everything.
        """
        held = np.clip(np.asarray(held_back, dtype=np.float64), -LARGEST, LARGEST)
        ordered = np.sort(np.where(np.abs(held) < SMALLEST, 0.0, held))
        wild = wild_scores(ordered)
        if wild.rows > 0 and learnt is not None:
            alike = np.mean(learnt >= ordered[len(ordered) - wild.beyond])
            if alike >= KNOWN * wild.rows / len(ordered):
                wild = Wild()
        rows = len(ordered) - wild.rows
        # The rows beyond the valley that are not wild count, but their scores are unknown.
        anchor = max(min(ANCHOR, max(int(rows * TAIL), 1)), wild.beyond - wild.rows + 1)
        evenly = np.linspace(0, rows - anchor, GRID)
        in_the_tail = rows - np.geomspace(rows, anchor, GRID)
        ranks = np.unique(np.concatenate([evenly, in_the_tail]).astype(int))
        scores, first = np.unique(ordered[ranks], return_index=True)
        survival = (rows - ranks[first]) / (rows + 1)
        scale, shape = _tail(ordered[:rows], anchor)
        return cls(
            scores=tuple(scores.tolist()),
            log_p=tuple(np.log(survival).tolist()),
            tail_scale=scale,
            tail_shape=shape,
            rows=len(ordered),
            wild=wild.rows,
        )

    def log_p_values(self, raw: Vector) -> Vector:
        """Return natural logarithms of p-values of raw scores, at most 0, shape ``(rows,)``."""
        return self._look_up(np.ascontiguousarray(raw, dtype=np.float64), *self.lookup)

    @cached_property
    def lookup(self) -> Lookup:
        """The arguments for compiled code."""
        return Lookup(np.array(self.scores), np.array(self.log_p), self.tail_scale, self.tail_shape)

    @cached_property
    def _look_up(self) -> Callable[..., Vector]:
        # Reading a manifest does not need numba, which is slow to import.
        from anomaly_app.core.p_values import log_p_values  # noqa: PLC0415

        look_up: Callable[..., Vector] = log_p_values
        return look_up


def _tail(ordered: Vector, anchor: int) -> tuple[float, float]:
    """Return scale and shape of the tail beyond the last `anchor` of increasing scores."""
    rows = len(ordered)
    far = min(max(int(rows * TAIL), 4 * anchor), rows)
    ratio = max(np.sqrt(far / anchor), 1.0 + 1.0 / anchor)
    middle = min(round(anchor * ratio), far)
    first, second, third = (ordered[rows - rank] for rank in (anchor, middle, far))
    upper, lower = first - second, second - third
    shape = 0.0
    if upper > lower > 0.0:
        shape = min(float((np.log(upper) - np.log(lower)) / np.log(ratio)), HEAVIEST)
    if shape > 0.0:
        scale = shape * upper / (1.0 - ratio**-shape)
    else:
        scale = (first - third) / np.log(ratio**2)
    spread = first - ordered[0]
    return max(float(scale), float(spread) * 1e-6, 1e-12), shape


def score_of(p_value: Vector | float) -> Vector:
    """Turn p-values (0 to 1) into scores from 0 to 1, high = anomalous."""
    return 1.0 - np.asarray(p_value, dtype=np.float64) ** SCORE_EXPONENT
