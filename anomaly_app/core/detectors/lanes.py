"""Squared distances from a row to sixteen others at once, in vector registers."""

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from anomaly_app.core.arrays import Integers, Matrix, Matrix32, Vector32
from anomaly_app.core.compiled import SINGLES, compiled

LANES = 16
"""Rows in a group, which are compared together: their values of a feature are one vector."""

CHECKED = 24
"""Features after which a group is abandoned if all of its rows are already too far away."""

CHAINS = 4
"""Independent partial sums: an addition does not wait for the previous one."""


def single_precision(matrix: Matrix) -> Matrix32:
    """Convert rows to the array layout of the compiled search."""
    return np.array(matrix, dtype=np.float32, order="C")


def in_groups(rows: Matrix32, sizes: Integers) -> tuple[Vector32, Integers, Integers]:
    """Lay rows out in groups of `LANES`, with each feature of a group contiguous.

    Parameters
    ----------
    rows
        Shape ``(rows, features)``.
    sizes
        Number of rows of each cluster, at least 1, in the order of the rows: each cluster begins a
        new group, and its last group is padded with rows at infinity.

    Returns
    -------
    values
        ``groups * features * LANES``.
    starts
        The first group of each cluster, and the number of groups: ``clusters + 1``.
    slots
        The slot of each row, ``rows``: its group times `LANES`, plus its lane in the group.
    """
    starts = np.concatenate([[0], np.cumsum(-(-sizes // LANES))]).astype(np.int64)
    gaps = starts[:-1] * LANES - (np.cumsum(sizes) - sizes)
    slots = np.arange(len(rows)) + np.repeat(gaps, sizes)
    filled = np.full((starts[-1] * LANES, rows.shape[1]), np.inf, np.float32)
    filled[slots] = rows
    values = filled.reshape(-1, LANES, rows.shape[1]).transpose(0, 2, 1)
    return np.ascontiguousarray(values).ravel(), starts, slots


def _typed(
    context: Any,  # noqa: ARG001
    row: Any,
    values: Any,
    first: Any,  # noqa: ARG001
    begin: Any,  # noqa: ARG001
    end: Any,  # noqa: ARG001
    limit: Any,  # noqa: ARG001
    sums: Any,
) -> Any:
    """Add features ``begin`` to ``end`` to a group's sums; return which are below the limit.

    LLVM's own vectorizer keeps the sums in memory, since it cannot rule out aliasing, so the
    vectors are explicit here. They work on any machine that LLVM supports.
    """
    long = types.int64
    signature = long(row, values, long, long, long, types.float32, sums)
    return signature, _generate


_add_squares: Any = intrinsic(_typed)


def _typed_first(context: Any, bits: Any) -> Any:  # noqa: ARG001
    """Return the index of the lowest set bit."""
    return types.int64(types.int64), _generate_first


def _generate_first(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
    return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))


first_bit: Any = intrinsic(_typed_first)


def _generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    _, _, first, begin, end, limit, _ = arguments
    row, values, sums = (
        context.make_array(signature.args[i])(context, builder, arguments[i]).data
        for i in (0, 1, 6)
    )
    vector = ir.VectorType(ir.FloatType(), LANES)
    nothing = ir.Constant(vector, ir.Undefined)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)

    def number(value: int) -> Any:
        return ir.Constant(begin.type, value)

    def spread(value: Any) -> Any:
        one = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(one, nothing, everywhere)

    def vector_at(pointer: Any) -> Any:
        return builder.bitcast(pointer, vector.as_pointer())

    def add(feature: Any, total: Any) -> None:
        at = builder.add(first, builder.mul(feature, number(LANES)))
        column = builder.load(vector_at(builder.gep(values, [at])), align=4)
        difference = builder.fsub(spread(builder.load(builder.gep(row, [feature]))), column)
        square = builder.fmul(difference, difference, flags=("contract",))
        builder.store(builder.fadd(builder.load(total), square, flags=("contract",)), total)

    totals = [
        cgutils.alloca_once(builder, vector)  # type: ignore[no-untyped-call]
        for _ in range(CHAINS)
    ]
    builder.store(builder.load(vector_at(sums), align=4), totals[0])
    for total in totals[1:]:
        builder.store(ir.Constant(vector, [0.0] * LANES), total)
    whole = builder.sub(end, builder.urem(builder.sub(end, begin), number(CHAINS)))
    with cgutils.for_range_slice(builder, begin, whole, number(CHAINS)) as (feature, _):
        for chain, total in enumerate(totals):
            add(builder.add(feature, number(chain)), total)
    with cgutils.for_range_slice(builder, whole, end, number(1)) as (feature, _):
        add(feature, totals[0])
    result = builder.load(totals[0])
    for total in totals[1:]:
        result = builder.fadd(result, builder.load(total))
    builder.store(result, vector_at(sums), align=4)
    nearer = builder.fcmp_ordered("<", result, spread(limit))
    return builder.zext(builder.bitcast(nearer, ir.IntType(LANES)), ir.IntType(64))


@compiled(
    numba.int64(SINGLES, SINGLES, numba.int64, numba.float32, numba.float32[::1]), inlined=True
)
def which_are_nearer(row: Any, values: Any, group: Any, limit: Any, squared: Any) -> Any:
    """Return which rows of a group are nearer than the limit: one bit per row, lowest first.

    Parameters
    ----------
    row
        ``features``, finite.
    values, group
        The values from `in_groups`, and the index of a group.
    limit
        A squared distance, or infinity.
    squared
        Output of length at least `LANES`: the squared distances. If none is below the limit, they
        cover only some of the features, and are at least the limit.
    """
    features = len(row)
    squared[:LANES] = np.float32(0.0)
    begin = 0
    nearer = 1
    while begin < features and nearer != 0:
        end = min(features, begin + CHECKED)
        nearer = _add_squares(row, values, group * features * LANES, begin, end, limit, squared)
        begin = end
    return nearer
