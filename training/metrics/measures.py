"""Metrics of scores: alerts, precision and recall at a threshold, and the ranking of anomalies."""

import numpy as np

from anomaly_app.core.arrays import Vector
from training.history import Labels
from training.metrics.ranking import rank_metrics


def measure(
    log_p: Vector, labels: Labels | None, alert_rate: float, labelled: Labels | None = None
) -> dict[str, float]:
    """Measure scores at a threshold and, given labels of both kinds, how they rank anomalies.

    Parameters
    ----------
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    labels
        Whether each row is an anomaly.
    alert_rate
        Rows with a p-value at or below it alert.
    labelled
        Whether each row has a label; None: all have one. Rows without a label count only towards
        the alert rate.

    Returns
    -------
    dict of str to float
        ``alert_rate`` and, given labels of both kinds, ``roc_auc``, ``average_precision``,
        ``precision`` and ``recall``; 0 to 1.
    """
    alerts = log_p <= np.log(alert_rate)
    measured = {"alert_rate": float(alerts.mean())}
    if labels is None:
        return measured
    if labelled is not None:
        log_p, labels, alerts = log_p[labelled], labels[labelled], alerts[labelled]
    if labels.all() or not labels.any():
        return measured
    caught = int((alerts & labels).sum())
    ranking = rank_metrics(-log_p, labels)
    return measured | {
        "roc_auc": float(ranking.roc_auc),
        "average_precision": float(ranking.average_precision),
        "precision": caught / max(int(alerts.sum()), 1),
        "recall": caught / int(labels.sum()),
    }
