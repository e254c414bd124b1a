"""Rules that set a threshold: a share of ordinary rows, an alert budget, an F-beta score, or costs.

Each rule returns an alert rate: transactions with a p-value at or below it are anomalies. p-values
are shares of ordinary rows, so alerts on true anomalies come on top.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Vector
from anomaly_app.core.wording import percent
from training.history import Labels

MIN_RATE, MAX_RATE = 1e-300, 0.5
"""Range of alert rates. Hardly any row has a p-value below the minimum: it can mean no alerts."""


class Threshold(NamedTuple):
    """An alert rate and the rule behind it."""

    alert_rate: float
    """From `MIN_RATE` to `MAX_RATE`."""
    rule: str
    """In words, for the manifest."""


def from_quantile(alert_rate: float) -> Threshold:
    """Alert on a share of ordinary transactions.

    Parameters
    ----------
    alert_rate
        The share, above 0 and at most 0.5.
    """
    return Threshold(_clipped(alert_rate), f"{percent(alert_rate)} of ordinary rows")


def from_budget(alerts_a_day: float, transactions_a_day: float) -> Threshold:
    """Spend a daily budget of false alerts.

    Parameters
    ----------
    alerts_a_day
        Acceptable number of alerts a day on ordinary transactions, on average; above 0.
    transactions_a_day
        Traffic, all of it counted as ordinary; above 0.
    """
    rate = alerts_a_day / transactions_a_day
    rule = (
        f"at most {alerts_a_day:g} alerts a day on ordinary rows, "
        f"at {transactions_a_day:,.0f} rows a day"
    )
    return Threshold(_clipped(rate), rule)


def from_f_beta(log_p: Vector, labels: Labels, beta: float) -> Threshold:
    """Maximise the F-beta score on labelled rows.

    Parameters
    ----------
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    labels
        Whether each row is an anomaly; both kinds occur.
    beta
        How many times as important recall is as precision; above 0 (van Rijsbergen, 1979).
    """
    outcomes = _outcomes(log_p, labels)
    weighted = beta**2 * outcomes.anomalies + outcomes.alerts
    f_beta = (1 + beta**2) * outcomes.caught / weighted
    best = int(np.argmax(f_beta))
    rule = (
        f"best F{beta:g} on {outcomes.anomalies:,} labelled anomalies: {f_beta[best]:.3f} "
        f"(precision {percent(_share(outcomes.caught[best], outcomes.alerts[best]))}, "
        f"recall {percent(_share(outcomes.caught[best], outcomes.anomalies))})"
    )
    return Threshold(float(outcomes.rates[best]), rule)


def from_costs(log_p: Vector, labels: Labels, *, missed: float, false_alert: float) -> Threshold:
    """Minimise the cost of errors on labelled rows.

    Parameters
    ----------
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    labels
        Whether each row is an anomaly; both kinds occur.
    missed
        Cost of an anomaly without an alert, at least 0.
    false_alert
        Cost of an alert without an anomaly, at least 0, in the same unit.
    """
    outcomes = _outcomes(log_p, labels)
    costs = missed * (outcomes.anomalies - outcomes.caught)
    costs = costs + false_alert * (outcomes.alerts - outcomes.caught)
    best = int(np.argmin(costs))
    rule = (
        f"lowest cost at {missed:g} for a missed anomaly and {false_alert:g} for a false alert: "
        f"{costs[best] / len(labels):.3g} a row on {outcomes.anomalies:,} labelled "
        "anomalies"
    )
    if outcomes.alerts[best] == 0:
        rule += "; no alert among them is worth its cost"
    return Threshold(float(outcomes.rates[best]), rule)


class _Outcomes(NamedTuple):
    """What each distinct alert rate leads to on labelled rows, fewest alerts first.

    The first rate is `MIN_RATE`; the others are in the middle of the gaps between p-values.
    """

    rates: Vector
    alerts: npt.NDArray[np.int64]
    caught: npt.NDArray[np.int64]
    """Anomalies among the alerts."""
    anomalies: int


def _outcomes(log_p: Vector, labels: Labels) -> _Outcomes:
    order = np.argsort(log_p)
    edges = np.concatenate([[-np.inf], np.unique(log_p), [0.0]])
    rates = np.clip(np.exp((edges[:-1] + edges[1:]) / 2), MIN_RATE, MAX_RATE)
    alerts = np.searchsorted(log_p[order], np.log(rates), side="right")
    caught = np.concatenate([[0], np.cumsum(labels[order])])[alerts]
    return _Outcomes(rates, alerts, caught, int(labels.sum()))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _clipped(rate: float) -> float:
    return min(max(rate, MIN_RATE), MAX_RATE)
