"""Estimate how many of the highest raw scores are wild: anomalies, not ordinary rows' tail.

Wild observations is the statistical term for gross outliers.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from anomaly_app.core.arrays import Integers, Vector

LARGEST = 1e100
"""Magnitude beyond which raw scores count as equal, so that results stay finite."""

FEWEST_ROWS = 200
"""Minimum number of rows: with fewer, two wild ones would be a share of over 1 %."""

LEAST, MOST = 0.004, 0.025
"""Minimum and maximum share of wild rows. Groups of odd but ordinary rows are often as large as the
minimum; ignoring that many makes p-values of 0.01 1.4 times as frequent, just as keeping as many
wild rows makes them 0.6 times as frequent."""

FEWEST = 4
"""Minimum number of wild rows."""

SURE = 5.0
"""Minimum log-likelihood ratio of a valley that is not due to chance."""

SURE_PER_ROW = 0.0035
"""The same per row: no real tail is smooth, and with many rows any unevenness is significant. The
effect must also be large enough."""

TOP = 0.25
"""Share of the rows, the most abnormal ones, that is examined."""

BEFORE = 3
"""The comparison extends to this multiple of the rank of the valley's lower end."""

COUNTS, WIDTHS = 32, 12
"""How many numbers of wild rows, and widths of the valley for each, are tried."""

STRONGER = 3.0
"""Upper bound of the combined evidence, as a multiple of the weaker comparison."""

NEARLY = 0.5
"""The division with most wild rows is chosen among those with this share of the best evidence."""

TINY = 1e-9


class Wild(NamedTuple):
    """The number of wild rows among the highest scores."""

    beyond: int = 0
    """Number of rows beyond the valley, the most abnormal ones."""
    rows: int = 0
    """How many of these exceed what is expected of ordinary rows."""


class _Divisions(NamedTuple):
    """Ways to divide the highest scores, by ranks: 1 is the highest."""

    beyond: Integers
    valley: Integers
    before: Integers
    levels: Integers
    """Number of distinct scores before the valley."""


def wild_scores(ordered: Vector) -> Wild:
    """Return how many of the highest scores are wild.

    Ordinary scores get rarer and rarer. If there are anomalies among them, there is a valley: few
    rows in a range, and then many. The hazard (rows per unit of exposure, which is the sum of
    normalised spacings) must be lower in the valley than both before and beyond it, by a
    likelihood ratio of Poisson counts, on one of two scales: the logarithm of the distance from
    the median, where a Pareto tail has a constant hazard, or the logarithm of that, where anomalies
    that spread over decades still form a cluster. A tail that gets ever thinner has no valley,
    however heavy it is, and keeps all of its rows.

    Parameters
    ----------
    ordered
        Scores (high = abnormal), increasing, within ±`LARGEST`, shape ``(rows,)``.

    Notes
    -----
    Spacings: Rényi, *On the theory of order statistics*, 1953. Trimming them from the top: Hill,
    *A simple general approach to inference about the tail of a distribution*, 1975;
    Bhattacharya, Kallitsis and Stoev, *Data-adaptive trimming of the Hill estimator and detection
    of outliers in the extremes of heavy-tailed data*, 2019. Scan of likelihood ratios: Kulldorff,
    *A spatial scan statistic*, 1997. Excluding other kinds of rows from the null distribution:
    Efron, *Large-scale simultaneous hypothesis testing: the choice of a null hypothesis*, 2004.
    """
    rows = len(ordered)
    top = int(rows * TOP)
    if rows < FEWEST_ROWS:
        return Wild()
    distance = ordered[rows - top :][::-1] - ordered[rows // 2]
    if distance[-1] <= 0.0:
        return Wild()
    far = np.log(distance / distance[-1])
    divisions = _divisions(rows, top, far)
    found, needed = Wild(), max(SURE, SURE_PER_ROW * rows)
    for scale in (far, np.log1p(_hazard_of_the_body(far) * far)):
        evidence, wild = _judge(scale, divisions)
        best = evidence.max(initial=0.0)
        if best <= needed:
            continue
        nearly = np.flatnonzero(evidence >= NEARLY * best)
        chosen = nearly[np.argmax(wild[nearly])]
        needed = best
        found = Wild(int(divisions.beyond[chosen]), int(wild[chosen]))
    return found if found.rows >= LEAST * rows else Wild()


def _divisions(rows: int, top: int, far: Vector) -> _Divisions:
    counts = np.geomspace(max(LEAST * rows, FEWEST), max(MOST * rows, FEWEST) + 1, COUNTS + 1)
    edges = np.unique(np.round(counts).astype(np.int64))
    # A valley begins with a gap: of the ranks between two edges, the one with the widest is tried.
    gaps = np.arange(1, len(far)) * -np.diff(far)
    beyond = np.array([low + np.argmax(gaps[low - 1 : high - 1]) for low, high in pairwise(edges)])
    beyond = beyond[gaps[beyond - 1] > 0.0]
    widths = np.geomspace(1.0, np.maximum(beyond, 2), WIDTHS, axis=1).ravel()
    beyond = np.repeat(beyond, WIDTHS)
    valley = np.round(beyond + widths).astype(np.int64)
    before = np.minimum(BEFORE * valley, top - 1)
    levels = np.concatenate([[0], np.cumsum(np.diff(far) < 0.0)])
    return _Divisions(beyond, valley, before, levels[before - 1] - levels[valley - 1])


def _hazard_of_the_body(far: Vector) -> float:
    """Return the rows per unit of exposure, without the farthest quarter of the rows."""
    first, last = len(far) // 4, len(far) - 1
    exposure = _exposure(far)
    return float((last - first) / max(exposure[last - 1] - exposure[first - 1], TINY))


def _exposure(scale: Vector) -> Vector:
    """Return the cumulative sum of normalised spacings, from the highest score down."""
    ranks = np.arange(1, len(scale))
    total: Vector = np.concatenate([[0.0], np.cumsum(ranks * -np.diff(scale))])
    return total


def _judge(scale: Vector, divisions: _Divisions) -> tuple[Vector, Integers]:
    """Return each division's evidence for a valley, and its number of wild rows."""
    beyond, valley, before, levels = divisions
    exposure = _exposure(scale)
    above = exposure[beyond - 1] + TINY
    inside = exposure[valley - 1] - exposure[beyond - 1] + TINY
    below = exposure[before - 1] - exposure[valley - 1] + TINY
    rows_inside, rows_below = valley - beyond, before - valley
    rise = _log_likelihood_ratio(rows_inside, inside, beyond - 1, above)
    # Equal rows are not independent evidence: discrete scores have gaps between their levels.
    fall = _log_likelihood_ratio(rows_inside, inside, levels, below)
    weaker = np.minimum(rise, fall)
    both = np.sqrt(np.maximum(rise, 0.0) * np.maximum(fall, 0.0))
    evidence = np.minimum(both, STRONGER * weaker)
    # If ordinary rows have the same hazard inside the valley and below, wild rows are those that
    # add to the exposure of both, but to the rows of neither.
    width_inside = scale[beyond - 1] - scale[valley - 1]
    width_below = scale[valley - 1] - scale[before - 1]
    surplus = rows_below * inside - rows_inside * below
    slope = rows_below * width_inside - rows_inside * width_below
    wild = np.where(slope > 0.0, surplus / np.where(slope > 0.0, slope, 1.0), beyond)
    return evidence, np.clip(np.round(wild), 0, beyond).astype(np.int64)


def _log_likelihood_ratio(fewer: Any, fewer_for: Vector, more: Any, more_for: Vector) -> Vector:
    """Compare two Poisson rates with a common one; -1 if the first is not the lower one."""
    low, high = np.maximum(fewer, TINY) / fewer_for, np.maximum(more, TINY) / more_for
    both = (fewer + more) / (fewer_for + more_for)
    ratio = fewer * np.log(low / both) + more * np.log(high / both)
    return np.where(low < high, ratio, -1.0)
