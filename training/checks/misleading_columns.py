"""Columns that would mislead a model, and are left out by default."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from training.checks.label_leakage import Labelled
from training.checks.within_entities import WithinEntities
from training.columns.column_kinds import almost_all_different, is_category, is_identifier
from training.history import History

COUNTS = 0.999
"""Rank correlation with the order of the rows from which a number is a counter or a clock."""

MOSTLY = 0.5
"""Minimum share of different values of a counter."""

MIN_ROWS = 20
"""Minimum number of rows for a correlation."""

MAX_ROWS = 200_000
"""Maximum number of rows to check, evenly spread over the history."""

KEEP = "keep it with --roles keep=…"


class Misleading:
    """Finds the misleading columns of a history.

    Parameters
    ----------
    history
        The rows that the detector will be fitted on, in time order where there are times.
    """

    def __init__(self, history: History) -> None:
        roles = history.roles
        # Columns already have the names of their features.
        self._wanted = {roles.feature_in(column) for column in roles.named_features}
        self._key = roles.key or "entity"
        self._labelled = Labelled(history)
        self._within = WithinEntities(history)

    def reason(self, column: pl.Series) -> str | None:
        """Return why a column is not a feature; None if it may be one, or the user wants it."""
        if column.name in self._wanted:
            return None
        if is_identifier(column) and not counts(column):
            many = "almost every" if almost_all_different(column) else "every other"
            return f"{many} value is different, so it looks like an identifier; {KEEP}"
        if self._labelled.is_second_label(column):
            return f"it predicts the label on its own, like a second label; {KEEP}"
        if self._labelled.is_part_of_label(column):
            return f"one of its two values has anomalies only, like a part of the label; {KEEP}"
        return self._that_counts(column) or self._of_the_entity(column)

    def _that_counts(self, column: pl.Series) -> str | None:
        if is_category(column):
            return None
        if direction := counts(column):
            return f"it only counts {direction}: every new value will be outside its range; {KEEP}"
        if self._within.counts_up(column):
            return f"it only counts up within each {self._key}; {KEEP}"
        return None

    def _of_the_entity(self, column: pl.Series) -> str | None:
        if not self._within.describes_them(column):
            return None
        return (
            f"it hardly changes within {self._key}: it describes the {self._key}, not the "
            f"transaction; {KEEP}"
        )


def counts(column: pl.Series) -> Literal["up", "down"] | None:
    """Return whether a column of numbers only counts up, or down, over the rows."""
    if column.dtype == pl.String:
        return None
    column = column.gather_every(len(column) // MAX_ROWS + 1)
    numbers = column.cast(pl.Float64).fill_nan(None).drop_nulls()
    if len(numbers) < MIN_ROWS:
        return None
    if direction := _monotonic(numbers.to_numpy()):
        return direction
    if numbers.n_unique() < len(numbers) * MOSTLY:
        return None
    indices = np.arange(len(numbers))
    correlation = float(np.corrcoef(indices, numbers.rank().to_numpy())[0, 1])
    if abs(correlation) < COUNTS:
        return None
    return "up" if correlation > 0.0 else "down"


def _monotonic(numbers: npt.NDArray[np.float64]) -> Literal["up", "down"] | None:
    """Return whether numbers never decrease, or never increase, like counters."""
    steps = np.diff(numbers)
    moves = np.count_nonzero(steps)
    if moves < MIN_ROWS or _late_steps(numbers, steps) == 0:
        return None
    if (steps >= 0.0).all():
        return "up"
    return "down" if (steps <= 0.0).all() else None


def _late_steps(numbers: npt.NDArray[np.float64], steps: npt.NDArray[np.float64]) -> int:
    """Count the changes in the last quarter; a counter that rests there keeps its range."""
    return int(np.count_nonzero(steps[len(numbers) * 3 // 4 :]))
