"""How far a value is from the past of its entity, and how far its values are from each other."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.powers import LOG_2, power_of_two, signed_logarithm
from anomaly_app.core.memory.tables import SCRATCH

PAIR = numba.types.Tuple((numba.uint64, numba.uint64))  # type: ignore[no-untyped-call]

LOW = np.uint64(2**32 - 1)
HALF = np.uint64(32)

EVENTS = 4.0
"""Events of a typical value that a geometric mean begins with."""


@compiled(PAIR(numba.uint64, numba.uint64), inlined=True, exact=True)
def _product(one: Any, other: Any) -> Any:
    """Return the higher and lower 64 bits of a product."""
    a, b = one >> HALF, one & LOW
    c, d = other >> HALF, other & LOW
    low = b * d
    middle = a * d + (low >> HALF)
    crossed = b * c + (middle & LOW)
    return a * c + (middle >> HALF) + (crossed >> HALF), one * other


@compiled(
    numba.float64(SCRATCH, numba.int64, numba.float64, numba.float64), inlined=True, exact=True
)
def relative(scratch: Any, at: Any, logarithm: Any, typical: Any) -> Any:
    """Return a value relative to the decayed geometric mean of its past.

    Both are taken one higher, so that 0 has a logarithm. The past begins as if there had been
    `EVENTS` of the typical value, or, if the spec names none, of the event's own.
    """
    if logarithm != logarithm:  # noqa: PLR0124  # only NaN is not itself
        return 1.0
    weight = scratch.reals[at]
    before = signed_logarithm(typical) if typical > 0.0 else logarithm
    usual = (weight * scratch.reals[at + 1] + EVENTS * before) / (weight + EVENTS)
    return power_of_two((logarithm - usual) / LOG_2)


@compiled(numba.float64(numba.int64, numba.int64, numba.int64), inlined=True, exact=True)
def deviation(count: Any, total: Any, squares: Any) -> Any:
    """Return the standard deviation of whole numbers, from exact products of 128 bits."""
    if count == 0:
        return 0.0
    high, low = _product(np.uint64(count), np.uint64(squares))
    less_high, less_low = _product(np.uint64(abs(total)), np.uint64(abs(total)))
    if high < less_high or (high == less_high and low <= less_low):
        return 0.0  # equal values, or cells that are full
    high = high - less_high - np.uint64(low < less_low)
    low = low - less_low
    return np.sqrt(np.float64(high) * 2.0**64 + np.float64(low)) / count


@compiled(
    numba.float64(SCRATCH, numba.int64, numba.float64, numba.float64), inlined=True, exact=True
)
def zscore(scratch: Any, at: Any, value: Any, scale: Any) -> Any:
    """Return how far a value is from the decayed mean, in standard deviations.

    The event itself counts with a weight of 1, so that n past events allow at most the square root
    of n (Samuelson, 1968): two equal values do not make the third one infinitely unusual. Rounding
    to the unit of the field has a variance of its own, a twelfth of the unit's square (Sheppard).
    """
    weight = scratch.reals[at]
    if not (weight > 0.0 and value == value):  # noqa: PLR0124  # only NaN is not itself
        return 0.0
    share = weight / (weight + 1.0)
    distance = value - scratch.reals[at + 1]
    variance = (scratch.reals[at + 2] + distance * distance * share) / (weight + 1.0)
    return distance * share / np.sqrt(variance + 1.0 / (12.0 * scale * scale))


@compiled(
    numba.float64(SCRATCH, *[numba.int64] * 4, numba.float64),
    inlined=True,
    exact=True,
)
def shift(scratch: Any, total: Any, count: Any, at: Any, number: Any, scale: Any) -> Any:
    """Return how far a window's mean, with the event, is from the decayed mean.

    It is in standard errors of a mean of so many values, as in a Z-test. As in `zscore` the event
    counts among its past, so that a window that holds the whole past has not shifted.
    """
    weight = scratch.reals[at]
    value = scratch.values[number]
    if not (weight > 0.0 and value == value):  # noqa: PLR0124  # only NaN is not itself
        return 0.0
    distance = value - scratch.reals[at + 1]
    mean = scratch.reals[at + 1] + distance / (weight + 1.0)
    variance = scratch.reals[at + 2] + distance * distance * (weight / (weight + 1.0))
    variance = variance / (weight + 1.0) + 1.0 / (12.0 * scale * scale)
    many = count + 1.0
    return (total / scale + value - many * mean) / np.sqrt(many * variance)
