"""Why a transaction is anomalous: which values surprise the detector, and which are odd."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from anomaly_app.core.arrays import Flags, Matrix, Vector
from anomaly_app.core.model.expectation import Expectation
from anomaly_app.core.model.scales import Entities
from anomaly_app.core.model.schema import FeatureSchema, FeatureValue

LEAST_SHARE = 0.01
"""A feature below this share of the surprise is not named, unless it is the first."""

WEIGHT_OF_ODDNESS = 0.5
"""What a value that no ordinary row has, a range away from what was expected, counts beside all
that the detector sees in the row."""

MOST_A_ROW = 50_000
"""Values that are scored to explain one row, at most: in rows of more than 223 features only the
oddest values are replaced, so that the cost does not grow with the square of the features."""

MOST_VALUES = 4_000_000
"""Values that are scored in one call."""


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
    log_p_values: Callable[[Matrix], Vector],
    expectation: Expectation,
    matrix: Matrix,
    log_p: Vector,
    values: Sequence[Sequence[FeatureValue]],
    *,
    most: int,
    entities: Entities | None = None,
) -> list[list[Reason]]:
    """Name the features that make each row anomalous, strongest first.

    Two views are added up. Each value in turn is replaced by the one that would have been
    expected beside the others, and the surprise that is gone with it (in log p) is what the
    detector sees in it (occlusion: Zeiler and Fergus, 2014). A detector that averages over many
    features sees little in any one of them, and none where another odd value is left: so how odd
    a value is by itself, see `Oddness.of`, counts as well. It is not taken relative to the row:
    values within the usual ranges, which only do not go together, are the detector's to judge.

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
    if len(matrix) == 0:
        return []
    expected, odd = expectation.of(matrix)
    gained = _gained(log_p_values, matrix, log_p, expected, _worth_replacing(matrix, expected, odd))
    shares = _shares(gained, odd)
    usual = schema.unscaled(expected, entities)
    return [_reasons(schema, values[i], usual[i], shares[i], most) for i in range(len(matrix))]


def _worth_replacing(matrix: Matrix, expected: Matrix, odd: Matrix) -> Flags:
    """Tell the values that are not as expected, of a wide row the oddest of them."""
    differ: Flags = matrix != expected
    features = matrix.shape[1]
    most = max(MOST_A_ROW // features, 1)
    if most < features:
        less_odd = np.argsort(-odd, axis=1, kind="stable")[:, most:]
        np.put_along_axis(differ, less_odd, False, axis=1)  # noqa: FBT003  # numpy's own
    return differ


def _gained(
    log_p_values: Callable[[Matrix], Vector],
    matrix: Matrix,
    log_p: Vector,
    expected: Matrix,
    replaced: Flags,
) -> Matrix:
    """Rise of the row's log p with each value replaced alone; 0 where it is not."""
    gained = np.zeros(matrix.shape)
    rows, columns = np.nonzero(replaced)
    together = max(MOST_VALUES // matrix.shape[1], 1)
    for start in range(0, len(rows), together):
        row, column = rows[start : start + together], columns[start : start + together]
        others = matrix[row]
        others[np.arange(len(row)), column] = expected[row, column]
        gained[row, column] = np.maximum(log_p_values(others) - log_p[row], 0.0)
    return gained


def _shares(gained: Matrix, odd: Matrix) -> Matrix:
    # Squares: one value that is far off tells more than many that are a little off.
    weights = _of_row(np.square(gained)) + WEIGHT_OF_ODDNESS * np.square(odd)
    return np.where(weights.any(axis=1, keepdims=True), _of_row(weights), 1.0 / gained.shape[1])


def _of_row(parts: Matrix) -> Matrix:
    """Parts of their sum, which may be 0."""
    total = parts.sum(axis=1, keepdims=True)
    shares: Matrix = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0.0)
    return shares


def _reasons(
    schema: FeatureSchema,
    values: Sequence[FeatureValue],
    expected: Vector,
    shares: Vector,
    most: int,
) -> list[Reason]:
    strongest = np.argsort(-shares, kind="stable")[:most]
    return [
        Reason(
            feature=schema.features[index].name,
            value=values[index],
            expected=schema.features[index].value_of(float(expected[index])),
            share=float(shares[index]),
        )
        for index in strongest
        if shares[index] >= LEAST_SHARE or index == strongest[0]
    ]
