"""Why a transaction is anomalous: how much more ordinary it were with each value replaced."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from anomaly_app.core.expectation import Expectation
from anomaly_app.core.scales import Entities
from anomaly_app.core.schema import FeatureSchema, FeatureValue, Matrix

LEAST_SHARE = 0.01
"""A feature below this share of the surprise is not named."""


MOST_VALUES = 4_000_000
"""Values that are scored in one call: each row becomes as many as it has features."""


class Reason(msgspec.Struct, frozen=True):
    """One feature's part in an anomaly."""

    feature: str
    value: FeatureValue
    expected: FeatureValue
    """What ordinary transactions have that are like this one in all else."""
    share: float
    """Part of the surprise that this feature carries, 0 to 1; over all features they sum to 1."""


def explain(
    schema: FeatureSchema,
    log_p_values: Callable[[Matrix], Matrix],
    expectation: Expectation,
    matrix: Matrix,
    log_p: Matrix,
    values: Sequence[Sequence[FeatureValue]],
    *,
    most: int,
    entities: Entities | None = None,
) -> list[list[Reason]]:
    """Name the features that make each row anomalous, strongest first.

    Each value in turn is replaced by the one that would have been expected beside the others;
    the surprise that is gone with it (in log p) is that feature's part (occlusion: Zeiler and
    Fergus, 2014). It needs nothing of a detector but its scores.

    Parameters
    ----------
    schema
        The model's features.
    log_p_values
        From a matrix to the logarithms of its rows' p-values.
    expectation
        Tells what would have been expected.
    matrix
        The anomalous rows only, shape ``(rows, features)``.
    log_p
        What `log_p_values` gave for them, shape ``(rows,)``.
    values
        The same rows as they travelled, for people to read.
    most
        How many reasons to give for a row, at most.
    entities
        Whose the rows are, where the schema scales by it.
    """
    rows, features = matrix.shape
    if rows == 0:
        return []
    expected, distance = expectation.of(matrix)
    together = max(MOST_VALUES // features**2, 1)
    after = np.concatenate(
        [
            _with_each_replaced(log_p_values, matrix[i : i + together], expected[i : i + together])
            for i in range(0, rows, together)
        ]
    )
    gained = np.maximum(after - log_p[:, np.newaxis], 0.0)
    # Where no single replacement helps, several values are odd: the farthest carry it.
    helpless = gained.sum(axis=1) <= 0.0
    gained[helpless] = distance[helpless]
    total = gained.sum(axis=1, keepdims=True)
    shares = np.divide(gained, total, out=np.full_like(gained, 1.0 / features), where=total > 0)
    usual = schema.unscaled(expected, entities)
    return [_reasons(schema, values[i], usual[i], shares[i], most) for i in range(rows)]


def _with_each_replaced(
    log_p_values: Callable[[Matrix], Matrix], matrix: Matrix, expected: Matrix
) -> Matrix:
    rows, features = matrix.shape
    replaced = np.repeat(matrix[:, np.newaxis, :], features, axis=1)
    diagonal = np.arange(features)
    replaced[:, diagonal, diagonal] = expected
    return log_p_values(replaced.reshape(rows * features, features)).reshape(rows, features)


def _reasons(
    schema: FeatureSchema,
    values: Sequence[FeatureValue],
    expected: Matrix,
    shares: Matrix,
    most: int,
) -> list[Reason]:
    strongest = np.argsort(-shares, kind="stable")[:most]
    return [
        Reason(
            feature=schema.features[place].name,
            value=values[place],
            expected=schema.features[place].value_of(float(expected[place])),
            share=float(shares[place]),
        )
        for place in strongest
        if shares[place] >= LEAST_SHARE
    ]
