"""Powers and logarithms of multiplications and additions only: the same bits on every machine."""

from math import frexp
from typing import Any

import numba
import numpy as np

from anomaly_app.core.compiled import compiled

LOG_2 = 0.6931471805599453
ROOT_HALF = 0.7071067811865476

# 1/n! from n = 0: on [-ln 2 / 2, ln 2 / 2] the series ends below half a unit of the last place.
SERIES = np.array([1.0])
for _n in range(1, 14):
    SERIES = np.append(SERIES, SERIES[-1] / _n)

# Of the inverse hyperbolic tangent, in the square: as far as is needed on (1 - x) / (1 + x) for x
# between the square roots of 1/2 and of 2.
ODD = np.array([1.0 / (2 * n + 1) for n in range(12)])


@compiled(numba.float64(numba.int64), inlined=True, exact=True)
def two_to(whole: Any) -> Any:
    """Return a whole power of two, exactly."""
    factor = 0.5 if whole < 0 else 2.0
    result = 1.0
    left = abs(whole)
    while left > 0:
        if left & 1:
            result *= factor
        factor *= factor
        left >>= 1
    return result


@compiled(numba.float64(numba.float64), inlined=True, exact=True)
def power_of_two(exponent: Any) -> Any:
    """Return 2 to the power of -1000 to 1000."""
    whole = np.floor(exponent + 0.5)
    x = (exponent - whole) * LOG_2
    total = SERIES[13]
    for n in range(12, -1, -1):
        total = total * x + SERIES[n]
    return total * two_to(np.int64(whole))


@compiled(numba.float64(numba.float64), inlined=True, exact=True)
def logarithm(size: Any) -> Any:
    """Return the logarithm of a positive number."""
    part, whole = frexp(size)
    if part < ROOT_HALF:
        part *= 2.0
        whole -= 1
    x = (part - 1.0) / (part + 1.0)
    square = x * x
    total = ODD[11]
    for n in range(10, -1, -1):
        total = total * square + ODD[n]
    return 2.0 * x * total + whole * LOG_2


@compiled(numba.float64(numba.float64), inlined=True, exact=True)
def signed_logarithm(value: Any) -> Any:
    """Return the logarithm of 1 plus a number's size, with the number's sign."""
    size = logarithm(1.0 + abs(value))
    return size if value >= 0.0 else -size
