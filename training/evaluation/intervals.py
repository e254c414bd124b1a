"""How sure measures are: intervals from a bootstrap over blocks of rows.

The same draws are used for every detector, so that two detectors are compared on the same rows
(paired bootstrap: Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from anomaly_app.core.arrays import Matrix
from training.evaluation.blocks import Places
from training.history import History, Labels

DRAWS = 1_000

LEVEL = 0.95

MOST_GROUPS = 1_000
"""Blocks that are drawn one by one; more are put together at random."""

MOST_THRESHOLDS = 500
"""Of a ranking, that are looked at in every draw."""

LEAST_INCIDENTS = 5
"""Blocks with anomalies below which nothing is said of how sure a ranking is."""


class Interval(NamedTuple):
    """Where a measure lies with a probability of `LEVEL`."""

    low: float
    high: float


class Draws(NamedTuple):
    """Ranking measures in each draw, shape ``(DRAWS,)``; NaN without anomalies in it."""

    average_precision: Matrix
    roc_auc: Matrix


class Bootstrap:
    """Draws of blocks, with replacement.

    Parameters
    ----------
    blocks
        Of each row, from 0; see `training.evaluation.blocks.blocks_of`.
    seed
        Of the draws.
    """

    def __init__(self, blocks: Places, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        many = int(blocks.max()) + 1
        groups = random.permutation(many) % MOST_GROUPS
        self._groups = min(many, MOST_GROUPS)
        self.blocks = blocks
        self.rows: Places = groups[blocks]
        """The group of each row: what is drawn."""
        times = random.multinomial(self._groups, np.full(self._groups, 1 / self._groups), DRAWS)
        self._times = times.astype(np.float32)

    def share(self, part: Labels, whole: Labels) -> Interval | None:
        """Give the interval of a share of rows; None where there are none to be a share of.

        A share of 0 or 1 is the same in every draw: there it is the exact binomial interval
        (Clopper and Pearson, 1934), with blocks as what is counted.

        Parameters
        ----------
        part, whole
            Whether each row is of the part, and of the whole; the part is within the whole.
        """
        if not whole.any():
            return None
        if not part.any() or part.sum() == whole.sum():
            blocks = len(np.unique(self.blocks[whole]))
            return binomial(blocks if part.any() else 0, blocks)
        parts, wholes = (
            self._times @ np.bincount(self.rows[of], minlength=self._groups) for of in (part, whole)
        )
        drawn = np.divide(parts, wholes, out=np.full(DRAWS, np.nan), where=wholes > 0)
        return interval(drawn, float(part.sum() / whole.sum()))

    def ranking(self, log_p: Matrix, labels: Labels, rows: Places | None = None) -> Draws:
        """Measure a ranking in each draw.

        Parameters
        ----------
        log_p
            Logarithms of the p-values, shape ``(rows,)``.
        labels
            Whether each row is an anomaly; both kinds occur.
        rows
            The group of each row, where these are not the rows that the blocks are of.
        """
        groups = self.rows if rows is None else rows
        found = np.unique(log_p[labels])
        few = np.unique(np.linspace(0, len(found) - 1, MOST_THRESHOLDS).astype(int))
        thresholds = found[few]
        # Even bins lie between two thresholds, odd ones hold what equals one.
        bins = np.searchsorted(thresholds, log_p) + np.searchsorted(thresholds, log_p, "right")
        anomalies, others = (
            self._times @ self._counts(groups[of], bins[of], 2 * len(thresholds) + 1)
            for of in (labels, ~labels)
        )
        caught, false = np.cumsum(anomalies, axis=1), np.cumsum(others, axis=1)
        alerts, all_caught, all_false = caught + false, caught[:, -1], false[:, -1]
        precision = np.divide(caught, alerts, out=np.zeros_like(alerts), where=alerts > 0)
        beaten = all_false[:, np.newaxis] - false + others / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            return Draws(
                (anomalies * precision).sum(axis=1) / all_caught,
                (anomalies * beaten).sum(axis=1) / (all_caught * all_false),
            )

    def _counts(self, groups: Places, bins: Places, many: int) -> npt.NDArray[np.float32]:
        counts = np.bincount(groups * many + bins, minlength=self._groups * many)
        return counts.reshape(self._groups, many).astype(np.float32)


def interval(drawn: Matrix, measured: float) -> Interval:
    """Cut the tails off what was drawn; what was measured on all rows is never outside."""
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(min(float(low), measured), max(float(high), measured))


def binomial(successes: int, trials: int) -> Interval:
    """Give the exact interval of a share (Clopper and Pearson, 1934).

    Parameters
    ----------
    successes
        0 to `trials`.
    trials
        At least 1.
    """
    tail = (1 - LEVEL) / 2
    low = beta.ppf(tail, successes, trials - successes + 1) if successes else 0.0
    high = beta.ppf(1 - tail, successes + 1, trials - successes) if successes < trials else 1.0
    return Interval(float(low), float(high))


def differ(better: Matrix, worse: Matrix) -> bool:
    """Tell whether one measure is above another one in (nearly) all draws of the same rows."""
    differences = better - worse
    known = differences[~np.isnan(differences)]
    return len(known) > 0 and float(np.quantile(known, (1 - LEVEL) / 2)) > 0.0


class Judged(NamedTuple):
    """Measures and how sure they are."""

    metrics: dict[str, float]
    """With labels, `precision` and `recall` are there; NaN where there is nothing to divide by."""
    intervals: dict[str, Interval]
    """Of those measures that an interval can be given for."""
    draws: Draws | None
    """None without labels of both kinds, or where the anomalies are of too few incidents."""


def judge(
    bootstrap: Bootstrap,
    log_p: Matrix,
    metrics: dict[str, float],
    history: History,
    alert_rate: float,
) -> Judged:
    """Say how sure the measures of scores are.

    Parameters
    ----------
    bootstrap
        Of the rows.
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    metrics
        See `training.evaluation.measures.measure`.
    history
        The rows.
    alert_rate
        Rows whose p-value is at most this alert.
    """
    alerts = log_p <= np.log(alert_rate)
    everything = np.ones(len(log_p), dtype=np.bool_)
    shares = {"alert_rate": (alerts, everything)}
    if history.labels is not None:
        labels = history.labels
        known = everything if history.labelled is None else history.labelled
        shares |= {"precision": (alerts & labels, alerts & known)}
        shares |= {"recall": (alerts & labels, labels)}
    metrics = metrics | {
        name: float(part.sum() / whole.sum()) if whole.any() else float("nan")
        for name, (part, whole) in shares.items()
    }
    found = {name: bootstrap.share(*masks) for name, masks in shares.items()}
    intervals = {name: one for name, one in found.items() if one is not None}
    if history.labels is None or "average_precision" not in metrics:
        return Judged(metrics, intervals, None)
    if not sure_enough(bootstrap.blocks, labels):
        intervals.pop("recall")
        return Judged(metrics, intervals, None)
    draws = bootstrap.ranking(log_p[known], labels[known], bootstrap.rows[known])
    intervals |= {name: interval(drawn, metrics[name]) for name, drawn in draws._asdict().items()}
    return Judged(metrics, intervals, draws)


def sure_enough(blocks: Places, labels: Labels) -> bool:
    """Tell whether anomalies are in enough different blocks to say how sure a ranking is."""
    return len(np.unique(blocks[labels])) >= LEAST_INCIDENTS
