"""Which rule sets the threshold of a model, and what it needs of the history."""

from dataclasses import dataclass

import numpy as np

from anomaly_app.core.arrays import Matrix
from anomaly_app.errors import DataError
from training import thresholds
from training.history.history import History
from training.threshold_rules import Threshold

SECONDS_PER_DAY = 86_400.0
ALERT_RATE = 0.005
"""Share of ordinary rows that alert where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """Where alerts begin; at most one of the first four is given.

    Parameters
    ----------
    alert_rate
        Share of ordinary rows that may alert, above 0 and at most 0.5.
    alerts_a_day
        Alerts a day on ordinary rows at most, on average.
    f_beta
        Maximise this F-beta score on the labels of the rows held back.
    costs
        Of a missed anomaly and of a false alert, minimised on the same labels.
    transactions_a_day
        Traffic that `alerts_a_day` refers to; None is that of the history.
    """

    alert_rate: float | None = None
    alerts_a_day: float | None = None
    f_beta: float | None = None
    costs: tuple[float, float] | None = None
    transactions_a_day: float | None = None


def check_rule(rule: ThresholdRule, held_back: History) -> None:
    """See, before a long fit, that a rule can be applied to the rows that are held back.

    Raises
    ------
    DataError
        The rule contradicts itself, or needs labels or times that the history does not have.
    """
    said = [rule.alert_rate, rule.alerts_a_day, rule.f_beta, rule.costs]
    if sum(part is not None for part in said) > 1:
        raise DataError(
            "the threshold takes one rule: give one of --alert-rate, --alerts-per-day, --f-beta "
            "and --cost, not several"
        )
    if rule.alert_rate is not None and not 0.0 < rule.alert_rate <= thresholds.MOST_RATE:
        raise DataError(f"--alert-rate {rule.alert_rate:g} is not above 0 and at most 0.5")
    if rule.alerts_a_day is not None and _traffic(rule, held_back) is None:
        raise DataError(
            f"{held_back.source} has no times to tell the traffic from: give "
            "--transactions-per-day as well"
        )
    if not held_back.has_both_labels and (rule.f_beta is not None or rule.costs is not None):
        raise DataError(
            f"the rows of {held_back.source} that were held back have no labels of both kinds, "
            "and a threshold from F-beta or costs needs them: use --alert-rate or --alerts-per-day"
        )


def choose_threshold(rule: ThresholdRule, log_p: Matrix, held_back: History) -> Threshold:
    """Apply a rule that `check_rule` let pass to the rows that were held back.

    Parameters
    ----------
    rule
        See `ThresholdRule`.
    log_p
        Logarithms of their p-values, shape ``(rows,)``.
    held_back
        The rows.
    """
    traffic = _traffic(rule, held_back)
    if rule.alerts_a_day is not None and traffic is not None:
        return thresholds.from_budget(rule.alerts_a_day, traffic)
    labels = held_back.labels
    if labels is not None and held_back.labelled is not None:
        log_p, labels = log_p[held_back.labelled], labels[held_back.labelled]
    if labels is not None and rule.f_beta is not None:
        return thresholds.from_f_beta(log_p, labels, rule.f_beta)
    if labels is not None and rule.costs is not None:
        missed, false_alert = rule.costs
        return thresholds.from_costs(log_p, labels, missed=missed, false_alert=false_alert)
    return thresholds.from_quantile(rule.alert_rate or ALERT_RATE)


def _traffic(rule: ThresholdRule, held_back: History) -> float | None:
    return rule.transactions_a_day or transactions_a_day(held_back)


def transactions_a_day(history: History) -> float | None:
    """Mean traffic of a history; None where it has no times, or all at once."""
    times = history.times
    if times is None or (span := float(np.ptp(times))) <= 0.0:
        return None
    return len(times) / span * SECONDS_PER_DAY
