"""Synthetic anomalies, made from ordinary rows, to judge detectors without labels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.categories import UNKNOWN_CATEGORY
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from training.metrics import rank_metrics

MAX_CHANGED = 3
"""Maximum number of features changed in a row."""

MAX_SYNTHETIC = 2_000
"""Maximum number of synthetic anomalies."""

TAIL = 0.01
"""Share of a column's values at either end that count as its tail."""

BEYOND = (0.5, 1.5)
"""Distance of injected outliers from the column's range, minimum and maximum, in widths of that
range; the range excludes the tails."""

NEARLY_CONSTANT = 0.95
"""Share of a column's most frequent value above which the column hardly varies."""


class Injected(NamedTuple):
    """Rows with injected outliers."""

    rows: Matrix
    columns: npt.NDArray[np.intp]
    """Indices of the changed columns of each row, shape ``(rows, count)``."""


def synthetic_anomalies(matrix: Matrix, schema: FeatureSchema, seed: int) -> Matrix:
    """Make anomalies from copies of rows.

    In each copy, 1 to 3 random features get another value: one from the tail of the column, one
    beyond its range, or the value of another row.

    Parameters
    ----------
    matrix
        The rows, shape ``(rows, features)``.
    schema
        Schema of the columns.
    seed
        Random seed.

    Returns
    -------
    Matrix
        Shape ``(anomalies, features)``; one for each row, at most `MAX_SYNTHETIC`.
    """
    random = np.random.default_rng(seed)
    made = matrix[_drawn(len(matrix), random)].copy()
    max_changed = min(MAX_CHANGED, len(schema.features))
    for row in made:
        count = random.integers(1, max_changed + 1)
        for index in random.choice(len(schema.features), count, replace=False):
            row[index] = _other_value(matrix[:, index], schema.features[index], random)
    return made


def source_rows(rows: int, seed: int) -> npt.NDArray[np.intp]:
    """Return the indices of the rows that `synthetic_anomalies` copies, in its order."""
    return _drawn(rows, np.random.default_rng(seed))


def synthetic_auc(ordinary: Vector, synthetic: Vector) -> float:
    """Return the area under the ROC curve of synthetic anomalies against unchanged rows.

    Parameters
    ----------
    ordinary, synthetic
        Logarithms of the p-values of the rows and of the synthetic anomalies.
    """
    labels = np.arange(len(ordinary) + len(synthetic)) >= len(ordinary)
    return float(rank_metrics(-np.concatenate([ordinary, synthetic]), labels).roc_auc)


def inject_outliers(
    rows: Matrix, usual: Matrix, count: int, seed: int, *, hardly_varying: bool = False
) -> Injected:
    """Replace the values of random features in each row by outliers.

    An outlier is `BEYOND` the usual range of its column, at either end.

    Parameters
    ----------
    rows
        Ordinary rows of numbers, shape ``(rows, features)``.
    usual
        Rows that define the usual ranges, finite, shape ``(others, features)``.
    count
        Number of features to change in each row.
    seed
        Random seed.
    hardly_varying
        Whether to change columns as well in which one value has more than `NEARLY_CONSTANT` of
        the usual rows. Any other value of them is rare.

    Raises
    ------
    ValueError
        Fewer than `count` features vary.
    """
    random = np.random.default_rng(seed)
    low, high = np.quantile(usual, [TAIL, 1.0 - TAIL], axis=0)
    width = np.where(high > low, high - low, np.ptp(usual, axis=0))
    most_frequent = np.array([np.unique(c, return_counts=True)[1].max() for c in usual.T])
    varies = hardly_varying | (most_frequent <= NEARLY_CONSTANT * len(usual))
    drawn_from = np.flatnonzero((width > 0.0) & varies)
    columns = np.array([random.choice(drawn_from, count, replace=False) for _ in rows])
    beyond = random.uniform(*BEYOND, size=columns.shape) * width[columns]
    above = random.random(columns.shape) < 1 / 2
    injected = rows.copy()
    values = np.where(above, high[columns] + beyond, low[columns] - beyond)
    np.put_along_axis(injected, columns, values, axis=1)
    return Injected(injected, columns)


def _drawn(rows: int, random: np.random.Generator) -> npt.NDArray[np.intp]:
    return random.permutation(rows)[:MAX_SYNTHETIC]


def _other_value(column: Vector, feature: Feature, random: np.random.Generator) -> float:
    way = random.integers(3)
    present = column[~np.isnan(column)]
    if way == 0 or len(present) == 0 or feature.kind == "hour_of_day":
        return float(random.choice(column))
    if feature.kind == "category":
        # Codes are ordered by falling frequency, so the last ones are the tail.
        return UNKNOWN_CATEGORY if way == 1 else float(np.quantile(present, 1.0 - TAIL))
    low, high = np.quantile(present, [TAIL, 1.0 - TAIL])
    if way == 1:
        beyond = random.uniform(0.0, 1.0) * (high - low)
        return float(random.choice([present.min() - beyond, present.max() + beyond]))
    return float(random.choice(present[(present <= low) | (present >= high)]))
