"""Quantiles of latencies, of which some are not over when the measurement ends."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RATES = (1_000, 5_000)
"""Events per second at which all systems are compared."""

LITTLE = (100, 1_000)
"""Events per second of most users: at these it counts what a worker takes of a core."""

MS = 1000.0


class Quantile(NamedTuple):
    """A quantile of latencies."""

    milliseconds: float
    at_least: bool
    """Whether it is a lower bound: anomalies that had waited for less have not arrived."""


def quantile(arrived: Sequence[float], waiting: Sequence[float], share: float) -> Quantile:
    """Give a quantile of latencies, of which some are not over.

    Parameters
    ----------
    arrived
        Seconds from produce to anomaly.
    waiting
        Seconds since produce of the anomalies that have not arrived: lower bounds.
    share
        Of the anomalies that are at most as late, 0 to 1.
    """
    value = float(np.quantile([*arrived, *waiting], share, method="inverted_cdf"))
    return Quantile(value * MS, any(seconds <= value for seconds in waiting))
