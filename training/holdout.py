"""Hold-out: which rows calibrate a model and do not fit it."""

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Vector
from training.history import History
from training.series import series_of

MIN_ONE_SIDED = 0.25
"""Share of rows in series that would be held back entirely or not at all, from which each series is
split on its own."""


def hold_back(history: History, share: float, random_state: int) -> tuple[History, History]:
    """Split history into the rows to fit on and the rows to hold back.

    Parameters
    ----------
    history
        If it has times, the latest rows are held back, per series if the series were recorded one
        after another; otherwise random rows. Both parts keep the order of the rows. Rows that are
        certain are to be learnt, and are not held back.
    share
        Share of the rows to hold back, above 0 and below 1.
    random_state
        Seed for the random rows.

    Returns
    -------
    tuple of History
        The rows to fit on, and the rows held back (at least one).
    """
    rows: npt.NDArray[np.intp] = np.arange(len(history))
    if history.times is None:
        rows = np.random.default_rng(random_state).permutation(rows)
    else:
        rows = np.argsort(positions_in_time(history, share), kind="stable")
    held_back = np.zeros(len(history), dtype=np.bool_)
    held_back[rows[len(rows) - max(int(len(rows) * share), 1) :]] = True
    if history.certain is not None and not history.certain[held_back].all():
        held_back &= ~history.certain
    return history.take(np.flatnonzero(~held_back)), history.take(np.flatnonzero(held_back))


def positions_in_time(history: History, share: float) -> Vector:
    """Return the relative position of each row in time, so that the latest can be held back.

    The position is relative to the whole history. It is relative to the row's own series if at
    least `MIN_ONE_SIDED` of the rows are in series that would otherwise be held back entirely or
    not at all: such series were recorded one after another.

    Parameters
    ----------
    history
        In time order.
    share
        Share of the rows to hold back, above 0 and below 1.

    Returns
    -------
    ndarray of float
        Between 0 and 1, shape ``(rows,)``.
    """
    rows = len(history)
    positions: Vector = (np.arange(rows) + 0.5) / rows
    if (series := series_of(history)) is None:
        return positions
    late = pl.Series("late", positions > 1.0 - share)
    late_rows = pl.col("late").sum().over("entity")
    one_sided = series.with_columns(late).select((late_rows == 0) | (late_rows == pl.col("rows")))
    if float(one_sided.to_series().to_numpy().mean()) < MIN_ONE_SIDED:
        return positions
    within_series = (pl.int_range(pl.len()).over("entity") + 0.5) / pl.col("rows")
    return series.select(within_series).to_series().to_numpy()
