"""From a detector's raw scores to tail p-values that do not saturate."""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, Self

import msgspec
import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.wild_scores import LARGEST, Wild, wild_scores

GRID = 256
"""Points that describe the empirical distribution, evenly over the rows, and as many again in
the tail."""

ANCHOR = 5
"""Ordinary rows beyond which the fitted tail takes over: what is odd among so few may be
anomalies, which say nothing of the tail of ordinary rows."""

TAIL = 0.05
"""Share of the held-back rows, the most abnormal, that the tail is fitted on."""

HEAVIEST = 0.5
"""Largest shape of the tail: there the p-value falls with the square of the raw score."""

KNOWN = 0.5
"""Part of its share among the held-back rows that a group has in the history, from which on it is
no news."""

SMALLEST = 1e-100
"""Size below which raw scores count as 0."""

SCORE_EXPONENT = 0.25
"""``score = 1 - p ** 0.25``: 1 in 100 is 0.68, 1 in 1,000 is 0.82, 1 in 100,000 is 0.94."""


class Lookup(NamedTuple):
    """A calibration as `anomaly_app.core.p_values` reads it: plain arrays and numbers."""

    scores: Vector
    log_p: Vector
    tail_scale: float
    tail_shape: float


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """How rare a raw score is among ordinary transactions.

    Inside the data it is the empirical survival function of the held-back rows; beyond the
    last `ANCHOR` of them a generalised Pareto tail goes on, so that the 1-in-100,000 event gets
    another p-value than the 1-in-1,000 one. Its shape comes from three order statistics
    (Pickands, *Statistical inference using extreme order statistics*, 1975), which a few wild
    rows among those held back do not move. Where more are wild (see `wild_scores`), they have no
    vote: the tail takes over before them.

    Parameters
    ----------
    scores
        Raw scores (high = abnormal), increasing.
    log_p
        Natural logarithm of the share of ordinary held-back rows at or above each of `scores`.
    tail_scale
        Raw score by which the tail falls by a factor of e, to begin with.
    tail_shape
        0 is an exponential tail, up to `HEAVIEST`.
    rows
        How many rows were held back.
    wild
        How many of them, the most abnormal, have no vote.
    """

    scores: tuple[float, ...]
    log_p: tuple[float, ...]
    tail_scale: float
    tail_shape: float
    rows: int
    wild: int = 0

    @classmethod
    def fit(cls, held_back: Vector, learnt: Vector | None = None) -> Self:
        """Describe the distribution of ordinary rows' raw scores.

        Parameters
        ----------
        held_back
            Raw scores (high = abnormal) of rows that the detector was not fitted on,
            shape ``(rows,)``, at least one.
        learnt
            Raw scores of rows that it was fitted on. Where a group that looks wild is among them
            as well, half as often at least, it belongs to the history and keeps its vote: a
            detector that trims finds small groups of ordinary rows far from everything.
        """
        held = np.clip(np.asarray(held_back, dtype=np.float64), -LARGEST, LARGEST)
        ordered = np.sort(np.where(np.abs(held) < SMALLEST, 0.0, held))
        wild = wild_scores(ordered)
        if wild.rows > 0 and learnt is not None:
            alike = np.mean(learnt >= ordered[len(ordered) - wild.beyond])
            if alike >= KNOWN * wild.rows / len(ordered):
                wild = Wild()
        rows = len(ordered) - wild.rows
        # Those beyond the valley that are not wild count, but where they are nobody knows.
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
        """Natural logarithm of the p-values of raw scores, at most 0, shape ``(rows,)``."""
        return self._look_up(np.ascontiguousarray(raw, dtype=np.float64), *self.lookup)

    @cached_property
    def lookup(self) -> Lookup:
        """What compiled code passes on."""
        return Lookup(np.array(self.scores), np.array(self.log_p), self.tail_scale, self.tail_shape)

    @cached_property
    def _look_up(self) -> Callable[..., Vector]:
        # Who only reads a manifest need not wait for numba.
        from anomaly_app.core.p_values import log_p_values  # noqa: PLC0415

        look_up: Callable[..., Vector] = log_p_values
        return look_up


def _tail(ordered: Vector, anchor: int) -> tuple[float, float]:
    """Scale and shape of the tail beyond the last `anchor` of some increasing scores."""
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
