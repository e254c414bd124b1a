"""How well scores rank anomalies above ordinary rows."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Vector
from training.history import Labels


class Ranking(NamedTuple):
    """Metrics of one ranking, or of several with the same labels."""

    roc_auc: Vector
    """Area under the ROC curve, 0 to 1, shape ``scores.shape[:-1]``."""
    average_precision: Vector
    """0 to 1, same shape."""


def rank_metrics(scores: npt.NDArray[np.float64], labels: Labels) -> Ranking:
    """Measure the area under the ROC curve and the average precision.

    The results equal those of scikit-learn, ties included. Only the ranks of the anomalies are
    needed, so ordinary rows are sorted without their indices, which is several times as fast.

    Parameters
    ----------
    scores
        High = abnormal, shape ``(rows,)`` or ``(rankings, rows)``.
    labels
        Whether each row is an anomaly; both kinds occur. Shape ``(rows,)``.
    """
    rankings = scores.reshape(-1, scores.shape[-1])
    ordinary = np.sort(rankings[:, ~labels], axis=1)
    anomalies = np.sort(rankings[:, labels], axis=1)
    roc_auc, average_precision = np.empty(len(rankings)), np.empty(len(rankings))
    for index, (below, found) in enumerate(zip(ordinary, anomalies, strict=True)):
        less = np.searchsorted(below, found, "left")
        at_most = np.searchsorted(below, found, "right")
        hits = len(found) - np.searchsorted(found, found, "left")
        roc_auc[index] = (less + at_most).mean() / (2 * len(below))
        average_precision[index] = (hits / (hits + len(below) - less)).mean()
    shape = scores.shape[:-1]
    return Ranking(roc_auc.reshape(shape), average_precision.reshape(shape))
