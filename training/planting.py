"""Anomalies made from ordinary rows, to judge detectors where nobody labelled any."""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from anomaly_app.core.categories import UNKNOWN_CATEGORY
from anomaly_app.core.schema import Feature, FeatureSchema, Matrix

MOST_CHANGED = 3
"""Features of a row that are changed at most."""

MOST_PLANTED = 2_000
"""Anomalies that are made at most."""

TAIL = 0.01
"""Share of a column's values at either end that count as its tail."""


def plant(matrix: Matrix, schema: FeatureSchema, seed: int) -> Matrix:
    """Make anomalies from copies of rows.

    In each copy 1 to 3 features, drawn at random, get another value: one from the tail, one
    beyond it, or that of another row.

    Parameters
    ----------
    matrix
        The rows, shape ``(rows, features)``.
    schema
        Of the columns.
    seed
        Of everything random.

    Returns
    -------
    Matrix
        Shape ``(planted, features)``: as many as there are rows, `MOST_PLANTED` at most.
    """
    random = np.random.default_rng(seed)
    planted = matrix[_drawn(len(matrix), random)].copy()
    changed_at_most = min(MOST_CHANGED, len(schema.features))
    for row in planted:
        many = random.integers(1, changed_at_most + 1)
        for place in random.choice(len(schema.features), many, replace=False):
            row[place] = _another(matrix[:, place], schema.features[place], random)
    return planted


def planted_places(rows: int, seed: int) -> npt.NDArray[np.intp]:
    """Give the places of the rows that `plant` copies, in its order."""
    return _drawn(rows, np.random.default_rng(seed))


def _drawn(rows: int, random: np.random.Generator) -> npt.NDArray[np.intp]:
    return random.permutation(rows)[:MOST_PLANTED]


def planted_auc(ordinary: Matrix, planted: Matrix) -> float:
    """Give the AUC that tells planted anomalies from the rows that they were made of.

    Parameters
    ----------
    ordinary, planted
        Logarithms of the p-values of the rows and of the planted anomalies, one dimension each.
    """
    truth = np.concatenate([np.zeros(len(ordinary)), np.ones(len(planted))])
    return float(roc_auc_score(truth, -np.concatenate([ordinary, planted])))


def _another(column: Matrix, feature: Feature, random: np.random.Generator) -> float:
    way = random.integers(3)
    present = column[~np.isnan(column)]
    if way == 0 or len(present) == 0 or feature.kind == "hour_of_day":
        return float(random.choice(column))
    if feature.kind == "category":
        # Codes are numbered by falling frequency: the last are the tail, beyond is the unknown.
        return UNKNOWN_CATEGORY if way == 1 else float(np.quantile(present, 1.0 - TAIL))
    low, high = np.quantile(present, [TAIL, 1.0 - TAIL])
    if way == 1:
        beyond = random.uniform(0.0, 1.0) * (high - low)
        return float(random.choice([present.min() - beyond, present.max() + beyond]))
    return float(random.choice(present[(present <= low) | (present >= high)]))
