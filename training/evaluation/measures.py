"""How well scores tell anomalies from the rest."""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from anomaly_app.core.arrays import Matrix
from training.threshold_rules import Labels


def measure(
    log_p: Matrix, labels: Labels | None, alert_rate: float, labelled: Labels | None = None
) -> dict[str, float]:
    """Measure scores at a threshold, and, with labels of both kinds, how they rank.

    Parameters
    ----------
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    labels
        Whether each row is an anomaly.
    alert_rate
        Rows whose p-value is at most this alert.
    labelled
        Whether anybody has labelled each row; None: all rows. The others count in the alert rate
        only.

    Returns
    -------
    dict of str to float
        ``alert_rate``, and with labels ``roc_auc``, ``average_precision``,
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
    return measured | {
        "roc_auc": float(roc_auc_score(labels, -log_p)),
        "average_precision": float(average_precision_score(labels, -log_p)),
        "precision": caught / max(int(alerts.sum()), 1),
        "recall": caught / int(labels.sum()),
    }
