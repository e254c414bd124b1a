"""Sines and distances of multiplications and additions only: the same bits on every machine."""

from math import factorial, pi
from typing import Any

import numba
import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.compiled import compiled

RADIAN = pi / 180.0
EARTH = 6371.0088
"""Mean radius in kilometres."""

# Taylor series in the square of the angle, for at most 45 degrees.
SINE = np.array([(-1) ** n / factorial(2 * n + 1) for n in range(9)])
COSINE = np.array([(-1) ** n / factorial(2 * n) for n in range(9)])

# Of the inverse sine, for at most 1/2: the binomial coefficients of (2n, n) over 4^n (2n + 1).
ARC = np.array([factorial(2 * n) / (4**n * factorial(n) ** 2 * (2 * n + 1)) for n in range(24)])


@compiled(numba.float64(numba.float64), inlined=True, exact=True)
def sine(degrees: Any) -> Any:
    """Return the sine of an angle in degrees."""
    quarters = np.floor(degrees / 90.0 + 0.5)
    x = (degrees - 90.0 * quarters) * RADIAN
    quarter = np.int64(quarters) & 3
    square = x * x
    series = COSINE if quarter & 1 else SINE
    total = series[8]
    for n in range(7, -1, -1):
        total = total * square + series[n]
    if not quarter & 1:
        total *= x
    return -total if quarter & 2 else total


@compiled(numba.float64(numba.float64), inlined=True, exact=True)
def inverse_sine(x: Any) -> Any:
    """Return the angle, in radians, whose sine is 0 to 1."""
    near_one = x > 0.5  # noqa: PLR2004
    y = np.sqrt(0.5 * (1.0 - x)) if near_one else x
    square = y * y
    total = ARC[23]
    for n in range(22, -1, -1):
        total = total * square + ARC[n]
    return 0.5 * pi - 2.0 * y * total if near_one else y * total


@compiled(numba.float64(*[numba.float64] * 4), inlined=True, exact=True)
def kilometres(latitude: Any, longitude: Any, other_latitude: Any, other_longitude: Any) -> Any:
    """Return the great-circle distance between two places in degrees, by the haversine formula."""
    north = sine(0.5 * (latitude - other_latitude))
    east = sine(0.5 * (longitude - other_longitude))
    narrowing = sine(90.0 - latitude) * sine(90.0 - other_latitude)
    chord = north * north + narrowing * east * east
    return 2.0 * EARTH * inverse_sine(np.sqrt(min(max(chord, 0.0), 1.0)))


@compiled(numba.void(numba.float64[::1]), exact=True)
def _write_cosines(circle: Any) -> None:
    for part in range(len(circle)):
        circle[part] = sine(90.0 - part * 360.0 / len(circle))


def cosines(parts: int) -> Vector:
    """Return the cosines of a circle's angles, divided into equal parts."""
    circle = np.empty(parts)
    _write_cosines(circle)
    return circle
