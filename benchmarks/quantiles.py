"""Quantiles of latencies, some of which are censored at the end of the measurement."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RATES = (1_000, 5_000)
"""Rates at which all systems are compared, in events per second."""

LITTLE = (100, 1_000)
"""Typical rates of users, in events per second, at which CPU usage is measured."""

MS = 1000.0


class Quantile(NamedTuple):
    """A quantile of latencies."""

    milliseconds: float
    at_least: bool
    """Whether it is a lower bound, because censored latencies are shorter."""


def quantile(arrived: Sequence[float], waiting: Sequence[float], share: float) -> Quantile:
    """Return a quantile of latencies, some of which are censored.

    Parameters
    ----------
    arrived
        Seconds from produce to anomaly.
    waiting
        Seconds since produce of the anomalies that have not arrived yet.
    share
        The quantile, 0 to 1.
    """
    value = float(np.quantile([*arrived, *waiting], share, method="inverted_cdf"))
    return Quantile(value * MS, any(seconds <= value for seconds in waiting))
