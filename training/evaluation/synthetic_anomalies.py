"""Anomalies made from ordinary rows, to judge detectors where nobody labelled any."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.categories import UNKNOWN_CATEGORY
from anomaly_app.core.model.schema import Feature, FeatureSchema

MOST_CHANGED = 3
"""Features of a row that are changed at most."""

MOST_PLANTED = 2_000
"""Anomalies that are made at most."""

TAIL = 0.01
"""Share of a column's values at either end that count as its tail."""

BEYOND = (0.5, 1.5)
"""How far outside a culprit's value is planted, at least and at most, in ranges of its column
without the tails."""

NEARLY_ALWAYS = 0.95
"""Share of one value above which a column hardly varies: any other value of it is rare."""


class Culprits(NamedTuple):
    """Rows in which the values of some features were made far."""

    rows: Matrix
    places: npt.NDArray[np.intp]
    """Columns of these features, shape ``(rows, many)``."""


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


def plant_culprits(
    rows: Matrix, usual: Matrix, many: int, seed: int, *, hardly_varying: bool = False
) -> Culprits:
    """Put values far outside what is usual into some features of each row, drawn at random.

    Each is `BEYOND` the usual values, tails left out, at either end.

    Parameters
    ----------
    rows
        Ordinary rows of numbers, shape ``(rows, features)``.
    usual
        Rows that tell what is usual, finite, shape ``(others, features)``.
    many
        Features that are changed in each row.
    seed
        Of everything random.
    hardly_varying
        Whether features are drawn, too, in which one value is in more than `NEARLY_ALWAYS` of
        the usual rows.

    Raises
    ------
    ValueError
        Fewer than `many` features vary.
    """
    random = np.random.default_rng(seed)
    low, high = np.quantile(usual, [TAIL, 1.0 - TAIL], axis=0)
    width = np.where(high > low, high - low, np.ptp(usual, axis=0))
    most_frequent = np.array([np.unique(c, return_counts=True)[1].max() for c in usual.T])
    varies = hardly_varying | (most_frequent <= NEARLY_ALWAYS * len(usual))
    drawn_from = np.flatnonzero((width > 0.0) & varies)
    places = np.array([random.choice(drawn_from, many, replace=False) for _ in rows])
    beyond = random.uniform(*BEYOND, size=places.shape) * width[places]
    above = random.random(places.shape) < 1 / 2
    planted = rows.copy()
    values = np.where(above, high[places] + beyond, low[places] - beyond)
    np.put_along_axis(planted, places, values, axis=1)
    return Culprits(planted, places)


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
