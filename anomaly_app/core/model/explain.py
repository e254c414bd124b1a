"""Why a transaction is anomalous: which values surprise the detector or are odd."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from anomaly_app.core.arrays import Flags, Matrix, Vector
from anomaly_app.core.model.expectation import Expectation
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.scales import Entities
from anomaly_app.core.model.schema import FeatureSchema

LEAST_SHARE = 0.01
"""Features with a smaller share of the surprise are not named, except the first."""

WEIGHT_OF_ODDNESS = 0.5
"""Weight of a value that no ordinary row has, one range away from the expected value, relative to
everything that the detector sees in the row."""

MOST_A_ROW = 50_000
"""Maximum number of values scored to explain one row: in rows of more than 223 features only the
oddest values are replaced, so that the cost is not quadratic in the features."""

MOST_VALUES = 4_000_000
"""Number of values scored in one call."""


class Reason(msgspec.Struct, frozen=True):
    """One feature's contribution to an anomaly."""

    feature: str
    value: FeatureValue
    expected: FeatureValue
    """The usual value in ordinary transactions that are otherwise similar."""
    share: float
    """This feature's share of the surprise, 0 to 1; the shares of all features sum to 1."""


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

    Two measures are added up. Each value in turn is replaced by the one expected given the others,
    and the surprise that disappears (in log p) is what the detector sees in it (occlusion: Zeiler
    and Fergus, 2014). A detector that averages over many features sees little in any one of them,
    and nothing if another odd value is left, so how odd a value is by itself, see `Oddness.of`,
    also counts. This second measure is not relative to the row: unusual combinations of values
    within their usual ranges are left to the detector.

    Parameters
    ----------
    schema
        The model's features.
    log_p_values
        Function from a matrix to the logarithms of its rows' p-values.
    expectation
        Computes the expected values.
    matrix
        The anomalous rows only, shape ``(rows, features)``.
    log_p
        The result of `log_p_values` for them, shape ``(rows,)``.
    values
        The same rows as they were sent, for people to read.
    most
        Maximum number of reasons per row.
    entities
        The entities of the rows, if the schema scales by entity.
    """
    if len(matrix) == 0:
        return []
    expected, odd = expectation.of(matrix)
    gained = _gained(log_p_values, matrix, log_p, expected, _worth_replacing(matrix, expected, odd))
    shares = _shares(gained, odd)
    usual = schema.unscaled(expected, entities)
    return [_reasons(schema, values[i], usual[i], shares[i], most) for i in range(len(matrix))]


def _worth_replacing(matrix: Matrix, expected: Matrix, odd: Matrix) -> Flags:
    """Return which values differ from the expected ones; for a wide row only the oddest of them."""
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
    """Return the rise of each row's log p when one value is replaced; 0 if it is not replaced."""
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
    # Squares, so that one value far off outweighs many that are a little off.
    weights = _of_row(np.square(gained)) + WEIGHT_OF_ODDNESS * np.square(odd)
    return np.where(weights.any(axis=1, keepdims=True), _of_row(weights), 1.0 / gained.shape[1])


def _of_row(parts: Matrix) -> Matrix:
    """Return shares of the sum, which may be 0."""
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
