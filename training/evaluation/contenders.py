"""Results of a comparison of detectors, and which differences are more than chance."""

from dataclasses import dataclass
from typing import NamedTuple

from anomaly_app.core.arrays import Vector
from anomaly_app.core.model.model import Model
from training.evaluation.incidents import Incident
from training.evaluation.intervals import Interval, differ
from training.history import History


class Unlabelled(NamedTuple):
    """Metrics that need no labels."""

    synthetic_auc: float
    """AUC of synthetic anomalies against unchanged rows."""
    agreement: float
    """Mean Jaccard overlap of its top rows with those of each other detector; NaN without one."""
    stability: float
    """Jaccard overlap of the top rows of two fits with different seeds."""


@dataclass(frozen=True)
class Contender:
    """One detector's result.

    Parameters
    ----------
    detector
        Its name.
    model
        Fitted on the first part of the history.
    log_p
        Logarithms of the judged rows' p-values, shape ``(rows,)``.
    metrics
        See `training.evaluation.intervals.judge`.
    intervals
        Confidence intervals of the metrics and of `merit`.
    merits
        The merit in each bootstrap resample; all contenders share the resamples. None if the
        anomalies are of too few incidents.
    alert_share
        A warning if far more or fewer rows alert than requested; None otherwise.
    unlabelled
        Metrics without labels, if the judged rows do not have labels of both kinds.
    fit_seconds
        Time of the whole fit, including calibration.
    us_per_row
        Microseconds to score a row in batches on one thread, including preparation.
    """

    detector: str
    model: Model
    log_p: Vector
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    merits: Vector | None
    alert_share: str | None
    unlabelled: Unlabelled | None
    fit_seconds: float
    us_per_row: float

    @property
    def merit(self) -> float:
        """What contenders are ranked by: average precision, or the AUC of synthetic anomalies."""
        if self.unlabelled is not None:
            return self.unlabelled.synthetic_auc
        return self.metrics["average_precision"]


@dataclass(frozen=True)
class Comparison:
    """All detectors' results on one history.

    Parameters
    ----------
    judged
        The rows held back.
    fitted_rows
        Number of rows to fit and calibrate on.
    contenders
        At least one, best first.
    left_out
        Detectors that could not run, with the reason.
    incidents
        The most anomalous incidents among the judged rows, scored by the best contender.
    warnings
        How the judged rows differ from the training rows.
    """

    judged: History
    fitted_rows: int
    contenders: list[Contender]
    left_out: dict[str, str]
    incidents: list[Incident]
    warnings: tuple[str, ...]

    @property
    def best(self) -> Contender:
        """The first of the contenders."""
        return self.contenders[0]

    @property
    def merit(self) -> str:
        """What contenders are ranked by."""
        return "AUC of synthetic anomalies" if self.best.unlabelled else "average precision"

    @property
    def sure(self) -> bool:
        """Whether there are enough incidents to tell contenders apart."""
        return self.best.merits is not None

    def ties(self, contender: Contender) -> bool:
        """Return whether a contender's distance from the best may be chance."""
        return contender is not self.best and tie(self.best, contender)


def tie(better: Contender, worse: Contender) -> bool:
    """Return whether the distance of two contenders may be chance; False if it is unknown."""
    if better.merits is None or worse.merits is None:
        return False
    return not differ(better.merits, worse.merits)
