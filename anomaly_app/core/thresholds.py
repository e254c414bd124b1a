"""Where alerts begin: from a budget of alerts, a share of the traffic, or labels.

Every rule ends as an alert rate: the tail p-value at and below which a transaction is an anomaly.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_curve

from anomaly_app.core.schema import Matrix

Labels = npt.NDArray[np.bool_]

LEAST_RATE, MOST_RATE = 1e-9, 0.5


class Threshold(NamedTuple):
    """An alert rate and the rule that it comes from."""

    alert_rate: float
    """Above 0 and at most 0.5."""
    rule: str
    """In words, for the manifest."""


def from_quantile(alert_rate: float) -> Threshold:
    """Alert on this share of the ordinary transactions.

    Parameters
    ----------
    alert_rate
        Above 0 and at most 0.5.
    """
    return Threshold(_within(alert_rate), f"{alert_rate:.3%} of all transactions")


def from_budget(alerts_a_day: float, transactions_a_day: float) -> Threshold:
    """Spend a budget of false alerts.

    Parameters
    ----------
    alerts_a_day
        False alerts a day that people can bear, on average; above 0.
    transactions_a_day
        The traffic; above 0.
    """
    rate = alerts_a_day / transactions_a_day
    rule = f"at most {alerts_a_day:g} false alerts a day at {transactions_a_day:,.0f} transactions"
    return Threshold(_within(rate), rule)


def from_f_beta(log_p: Matrix, labels: Labels, beta: float) -> Threshold:
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
    precision, recall, surprise = precision_recall_curve(labels, -log_p)
    weight = beta**2
    below = weight * precision + recall
    f_beta = np.divide((1 + weight) * precision * recall, below, where=below > 0, out=0.0 * below)
    best = int(np.argmax(f_beta[:-1]))
    rule = (
        f"best F{beta:g} on {labels.sum():,} labelled anomalies: {f_beta[best]:.3f} "
        f"(precision {precision[best]:.3f}, recall {recall[best]:.3f})"
    )
    return Threshold(_between(log_p, -surprise[best]), rule)


def from_costs(log_p: Matrix, labels: Labels, *, missed: float, false_alert: float) -> Threshold:
    """Minimise what errors cost on labelled rows.

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
    order = np.argsort(log_p, kind="stable")
    last_of_ties = np.append(np.diff(log_p[order]) > 0, True)
    caught, alerts = np.cumsum(labels[order]), np.arange(1, len(labels) + 1)
    costs = missed * (labels.sum() - caught) + false_alert * (alerts - caught)
    costs = np.where(last_of_ties, costs, np.inf)
    best = int(np.argmin(costs))
    rule = (
        f"least cost at {missed:g} for a missed anomaly and {false_alert:g} for a false alert: "
        f"{costs[best] / len(labels):.3g} a transaction on {labels.sum():,} labelled anomalies"
    )
    return Threshold(_between(log_p, float(log_p[order][best])), rule)


def _between(log_p: Matrix, last: float) -> float:
    """Put the threshold in the middle of the gap after the last row that alerts."""
    beyond = log_p[log_p > last]
    return _within(float(np.exp((last + beyond.min()) / 2 if len(beyond) else last)))


def _within(rate: float) -> float:
    return min(max(rate, LEAST_RATE), MOST_RATE)
