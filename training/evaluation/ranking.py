"""How well each of many scorings of the same rows ranks the anomalies."""

import numpy as np

from anomaly_app.core.arrays import Matrix
from training.threshold_rules import Labels


def auc_and_ap(scorings: Matrix, labels: Labels) -> Matrix:
    """Measure the area under the ROC curve and the average precision of each scoring.

    Both are as scikit-learn has them, ties included, but need the rank of the anomalies only:
    ordinary rows are sorted without their places, which is several times as fast.

    Parameters
    ----------
    scorings
        High = abnormal, shape ``(scorings, rows)``.
    labels
        Whether each row is an anomaly; both kinds occur.

    Returns
    -------
    numpy.ndarray
        Shape ``(scorings, 2)``, 0 to 1.
    """
    ordinary = np.sort(scorings[:, ~labels], axis=1)
    anomalies = np.sort(scorings[:, labels], axis=1)
    measured = np.empty((len(scorings), 2))
    for place, (below, found) in enumerate(zip(ordinary, anomalies, strict=True)):
        less = np.searchsorted(below, found, "left")
        at_most = np.searchsorted(below, found, "right")
        hits = len(found) - np.searchsorted(found, found, "left")
        measured[place, 0] = (less + at_most).mean() / (2 * len(below))
        measured[place, 1] = (hits / (hits + len(below) - less)).mean()
    return measured
