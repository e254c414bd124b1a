"""Confidence intervals of metrics, from a bootstrap over blocks of rows.

All detectors use the same resamples, so that they are compared on the same rows (paired
bootstrap: Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from anomaly_app.core.arrays import Vector
from training.evaluation.blocks import Indices
from training.history import History, Labels

DRAWS = 1_000

LEVEL = 0.95

MAX_GROUPS = 1_000
"""Maximum number of blocks to draw from; more blocks are merged at random."""

MAX_THRESHOLDS = 500
"""Maximum number of thresholds of a ranking to evaluate in each resample."""

MIN_INCIDENTS = 5
"""Minimum number of blocks with anomalies for intervals of a ranking."""


class Interval(NamedTuple):
    """A confidence interval at `LEVEL`."""

    low: float
    high: float


class Draws(NamedTuple):
    """Ranking metrics of each resample, shape ``(DRAWS,)``; NaN for resamples without anomalies."""

    average_precision: Vector
    roc_auc: Vector


class Bootstrap:
    """Resamples of blocks, with replacement.

    Parameters
    ----------
    blocks
        Block of each row, from 0; see `training.evaluation.blocks.blocks_of`.
    seed
        Random seed.
    """

    def __init__(self, blocks: Indices, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        many = int(blocks.max()) + 1
        groups = random.permutation(many) % MAX_GROUPS
        self._groups = min(many, MAX_GROUPS)
        self.blocks = blocks
        self.rows: Indices = groups[blocks]
        """The group of blocks of each row; groups are drawn."""
        times = random.multinomial(self._groups, np.full(self._groups, 1 / self._groups), DRAWS)
        self._times = times.astype(np.float32)

    def share(self, part: Labels, whole: Labels) -> Interval | None:
        """Return the interval of a share of rows; None if the whole is empty.

        A share of 0 or 1 is the same in every resample. Its interval is the exact binomial
        interval (Clopper and Pearson, 1934) over blocks.

        Parameters
        ----------
        part, whole
            Masks of the rows of the part and of the whole, which includes the part.
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

    def mean(self, values: Vector) -> Vector:
        """Return the mean of the rows' values in each resample, shape ``(DRAWS,)``."""
        sums = self._times @ np.bincount(self.rows, values, self._groups)
        drawn: Vector = sums / (self._times @ np.bincount(self.rows, minlength=self._groups))
        return drawn

    def ranking(self, log_p: Vector, labels: Labels, rows: Indices | None = None) -> Draws:
        """Measure a ranking in each resample.

        Parameters
        ----------
        log_p
            Logarithms of the p-values, shape ``(rows,)``.
        labels
            Whether each row is an anomaly; both kinds occur.
        rows
            The group of each row, if the rows are not those of the blocks.
        """
        groups = self.rows if rows is None else rows
        found = np.unique(log_p[labels])
        few = np.unique(np.linspace(0, len(found) - 1, MAX_THRESHOLDS).astype(int))
        thresholds = found[few]
        # Even bins are between two thresholds, odd bins equal one.
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

    def _counts(self, groups: Indices, bins: Indices, many: int) -> npt.NDArray[np.float32]:
        counts = np.bincount(groups * many + bins, minlength=self._groups * many)
        return counts.reshape(self._groups, many).astype(np.float32)


def interval(drawn: Vector, measured: float) -> Interval:
    """Return the percentile interval, extended to the value measured on all rows."""
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(min(float(low), measured), max(float(high), measured))


def binomial(successes: int, trials: int) -> Interval:
    """Return the exact interval of a share (Clopper and Pearson, 1934).

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


def differ(better: Vector, worse: Vector) -> bool:
    """Return whether one metric exceeds another in nearly all paired resamples."""
    differences = better - worse
    known = differences[~np.isnan(differences)]
    return len(known) > 0 and float(np.quantile(known, (1 - LEVEL) / 2)) > 0.0


class Judged(NamedTuple):
    """Metrics and their confidence intervals."""

    metrics: dict[str, float]
    """With labels, including `precision` and `recall`; NaN if undefined."""
    intervals: dict[str, Interval]
    """Intervals of the metrics that have one."""
    draws: Draws | None
    """None without labels of both kinds, or with too few incidents."""


def judge(
    bootstrap: Bootstrap,
    log_p: Vector,
    metrics: dict[str, float],
    history: History,
    alert_rate: float,
) -> Judged:
    """Add confidence intervals to metrics.

    Parameters
    ----------
    bootstrap
        Bootstrap of the rows.
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    metrics
        See `training.metrics.measure`.
    history
        The rows.
    alert_rate
        Rows with a p-value at or below it alert.
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


def sure_enough(blocks: Indices, labels: Labels) -> bool:
    """Return whether anomalies are in enough blocks for intervals of a ranking."""
    return len(np.unique(blocks[labels])) >= MIN_INCIDENTS
