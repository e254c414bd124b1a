"""Medians over seeds, with intervals by bootstrap."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.alerts.measures import Measured

RESAMPLES = 2_000
LEVEL = 0.95


class Figure(NamedTuple):
    """A median over seeds, and its interval."""

    median: float
    low: float
    high: float
    seeds: int

    def text(self, form: str) -> str:
        """Write it with a format for its numbers."""
        low, middle, high = (form.format(of) for of in (self.low, self.median, self.high))
        return middle if low == high else f"{middle} ({low} to {high})"


def figure(
    measured: Sequence[Measured], value: Callable[[Measured], float | None]
) -> Figure | None:
    """Sum up a figure of one policy on the streams of several seeds.

    Parameters
    ----------
    measured
        One for each seed.
    value
        Returns the figure; seeds for which it is None are left out.
    """
    return figure_of(value(one) for one in measured)


def figure_of(found: Iterable[float | None]) -> Figure | None:
    """Sum up a number of each stream; None counts as unknown."""
    known = [value for value in found if value is not None]
    if not known:
        return None
    values = np.array(known)
    drawn = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    medians = np.median(values[drawn], axis=1)
    low, high = np.quantile(medians, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return Figure(float(np.median(values)), low, high, len(values))
