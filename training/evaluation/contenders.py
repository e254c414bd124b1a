"""Results of detectors that were compared, and which of them differ by more than chance."""

from dataclasses import dataclass
from typing import NamedTuple

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.model import Model
from training.evaluation.incidents import Incident
from training.evaluation.intervals import Interval, differ
from training.history.history import History


class Unlabelled(NamedTuple):
    """What can be measured without labels."""

    planted_auc: float
    """AUC of planted anomalies against the rows that nothing was done to."""
    agreement: float
    """Mean Jaccard overlap of its top rows with those of each other detector; NaN if alone."""
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
        As fitted on the first part.
    log_p
        Logarithms of the judged rows' p-values, shape ``(rows,)``.
    metrics
        See `training.evaluation.intervals.judge`.
    intervals
        How sure these are, and of what contenders are ranked by, `merit`.
    merits
        The merit in each draw of rows, the same draws for all contenders; None where anomalies
        are of too few incidents.
    alert_share
        That far more or fewer rows alert than was asked for; None where they do not.
    unlabelled
        Where the judged rows have no labels of both kinds.
    fit_seconds
        Of the whole fit, calibration included.
    us_per_row
        Microseconds to score a row in batches on one thread, preparation included.
    """

    detector: str
    model: Model
    log_p: Matrix
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    merits: Matrix | None
    alert_share: str | None
    unlabelled: Unlabelled | None
    fit_seconds: float
    us_per_row: float

    @property
    def merit(self) -> float:
        """What contenders are ranked by: average precision, or the AUC of planted anomalies."""
        if self.unlabelled is not None:
            return self.unlabelled.planted_auc
        return self.metrics["average_precision"]


@dataclass(frozen=True)
class Comparison:
    """All detectors' results on one history.

    Parameters
    ----------
    judged
        The rows that no fit saw.
    fitted_rows
        How many were fitted and calibrated on.
    contenders
        The best first; at least one.
    left_out
        Detectors that could not run, with the reason.
    incidents
        The most anomalous ones of the judged rows, by the scores of the best contender.
    warnings
        How the judged rows differ from those that were fitted on.
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
        return "AUC of planted anomalies" if self.best.unlabelled else "average precision"

    @property
    def sure(self) -> bool:
        """Whether anomalies are of enough incidents to tell contenders apart."""
        return self.best.merits is not None

    def ties(self, contender: Contender) -> bool:
        """Tell whether a contender's distance from the best may be chance."""
        return contender is not self.best and tie(self.best, contender)


def tie(better: Contender, worse: Contender) -> bool:
    """Tell whether the distance of two contenders may be chance; not where nothing is known."""
    if better.merits is None or worse.merits is None:
        return False
    return not differ(better.merits, worse.merits)
