"""The threshold that a user asks for: options, their checks, and the threshold they lead to."""

from dataclasses import dataclass

import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.errors import DataError
from training import threshold_rules
from training.history import History
from training.threshold_rules import Threshold

SECONDS_PER_DAY = 86_400.0

ALERT_RATE = 0.005
"""Default share of ordinary rows that alert."""


@dataclass(frozen=True, slots=True)
class ThresholdOptions:
    """Where alerts begin: at most one of the first four options is set.

    Parameters
    ----------
    alert_rate
        Share of ordinary rows that may alert, above 0 and at most 0.5.
    alerts_a_day
        Maximum number of alerts a day on ordinary rows, on average.
    f_beta
        Beta of the F-beta score to maximise on the labels of the rows held back.
    costs
        Cost of a missed anomaly and of a false alert; their sum over the same labels is minimised.
    transactions_a_day
        Traffic that `alerts_a_day` refers to. None: the traffic of the history.

    Raises
    ------
    DataError
        More than one of the first four options is set.
    """

    alert_rate: float | None = None
    alerts_a_day: float | None = None
    f_beta: float | None = None
    costs: tuple[float, float] | None = None
    transactions_a_day: float | None = None

    def __post_init__(self) -> None:
        rules = (self.alert_rate, self.alerts_a_day, self.f_beta, self.costs)
        if sum(rule is not None for rule in rules) > 1:
            raise DataError("give only one of --alert-rate, --alerts-per-day, --f-beta and --cost")

    @property
    def needs_labels(self) -> bool:
        """Whether the threshold is chosen on labels."""
        return self.f_beta is not None or self.costs is not None


def check_options(options: ThresholdOptions, held_back: History) -> None:
    """Check before a long fit that the options can be applied to the rows held back.

    Raises
    ------
    DataError
        An option is out of range, or needs labels or times that the history does not have.
    """
    if options.alert_rate is not None and not 0.0 < options.alert_rate <= threshold_rules.MAX_RATE:
        raise DataError(f"--alert-rate must be above 0 and at most 0.5, not {options.alert_rate:g}")
    if options.alerts_a_day is not None and _traffic(options, held_back) is None:
        raise DataError(
            f"{held_back.source} has no times, so its traffic is unknown: add "
            "--transactions-per-day"
        )
    if options.needs_labels and not held_back.has_both_labels:
        raise DataError(
            f"--f-beta and --cost need labels of both kinds, and the held-back rows of "
            f"{held_back.source} do not have them: use --alert-rate or --alerts-per-day"
        )


def choose_threshold(options: ThresholdOptions, log_p: Vector, judged: History) -> Threshold:
    """Choose the threshold on rows that passed `check_options`.

    Parameters
    ----------
    options
        What the user asks for; by default, `ALERT_RATE`.
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    judged
        The rows, which the detector was not fitted on.
    """
    traffic = _traffic(options, judged)
    if options.alerts_a_day is not None and traffic is not None:
        return threshold_rules.from_budget(options.alerts_a_day, traffic)
    labels, labelled = judged.known_labels
    if labels is not None and options.f_beta is not None:
        return threshold_rules.from_f_beta(log_p[labelled], labels, options.f_beta)
    if labels is not None and options.costs is not None:
        missed, false_alert = options.costs
        return threshold_rules.from_costs(
            log_p[labelled], labels, missed=missed, false_alert=false_alert
        )
    return threshold_rules.from_quantile(options.alert_rate or ALERT_RATE)


def transactions_a_day(history: History) -> float | None:
    """Return the mean traffic of a history; None if it has no times, or only one."""
    times = history.times
    if times is None or (span := float(np.ptp(times))) <= 0.0:
        return None
    return len(times) / span * SECONDS_PER_DAY


def last_time(history: History) -> float | None:
    """Return the time of the last row; None if there are no times."""
    return None if history.times is None else float(history.times.max())


def _traffic(options: ThresholdOptions, history: History) -> float | None:
    return options.transactions_a_day or transactions_a_day(history)
