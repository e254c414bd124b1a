"""What would have to change for an anomaly to be ordinary: the fewest values, and how far.

The search is greedy, as in Martens and Provost (2014): the value whose replacement makes the row
most ordinary is replaced first, until the row is no anomaly; what turns out not to be needed is put
back. Then each number that was replaced goes back towards where it was, as far as the row stays
ordinary. Expected values and those of the nearest ordinary rows are tried, and the fewest changes
win.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Matrix, Vector

MOST_CHANGES = 6
"""More changes than this explain nothing to a reader."""

STEPS = 16
"""Halvings of the way between the found value and the replaced one."""

Judge = Callable[[Matrix], Vector]
"""Returns the logarithms of the rows' p-values."""


class Change(NamedTuple):
    """A value that would have to be another one."""

    column: int
    value: float
    """Nearest to the one found, on the way to an ordinary one, at which the row is ordinary."""


def fewest_changes(
    row: Vector,
    odd: Vector,
    targets: Iterable[Vector],
    judge: Judge,
    limit: float,
    numbers: frozenset[int],
) -> tuple[Change, ...] | None:
    """Return the fewest changes that make a row ordinary; None if that takes too many.

    Parameters
    ----------
    row
        The anomaly as a row of the model's matrix, shape ``(features,)``; NaN is missing.
    odd
        How odd each value is: of replacements that help as much the oddest value goes first, shape
        ``(features,)``.
    targets
        Rows that have ordinary values; those nearest to the row first.
    judge
        The model's judgement.
    limit
        The logarithm of the p-value above which a row is ordinary.
    numbers
        Columns that may have any value between two.
    """
    best: tuple[Change, ...] | None = None
    for target in targets:
        most = MOST_CHANGES if best is None else len(best) - 1
        columns = _replaced(row, odd, target, judge, limit, most)
        if columns is not None:
            best = _nearest(row, target, columns, judge, limit, numbers)
    return best


def _replaced(
    row: Vector, odd: Vector, target: Vector, judge: Judge, limit: float, most: int
) -> list[int] | None:
    """Return the columns whose replacement makes the row ordinary; None if there are too many."""
    differ = (row != target) & ~(np.isnan(row) & np.isnan(target))
    left = [one for one in np.argsort(-odd, kind="stable").tolist() if differ[one]]
    now = row
    columns: list[int] = []
    if judge(row[np.newaxis])[0] > limit:
        return []
    while left and len(columns) < most:
        tried = np.repeat(now[np.newaxis], len(left), axis=0)
        tried[np.arange(len(left)), left] = target[left]
        found = judge(tried)
        best = int(np.argmax(found))
        now = tried[best]
        columns.append(left.pop(best))
        if found[best] > limit:
            return _needed(row, target, columns, judge, limit)
    return None


def _needed(
    row: Vector, target: Vector, columns: list[int], judge: Judge, limit: float
) -> list[int]:
    """Put back what is not needed; the first to be replaced are tried last."""
    needed = [*columns]
    for column in reversed(columns):
        others = [one for one in needed if one != column]
        if judge(_with(row, target, others)[np.newaxis])[0] > limit:
            needed = others
    return needed


def _nearest(
    row: Vector,
    target: Vector,
    columns: list[int],
    judge: Judge,
    limit: float,
    numbers: frozenset[int],
) -> tuple[Change, ...]:
    now = _with(row, target, columns)
    for column in columns:
        found = row[column]
        if column not in numbers or not np.isfinite(found) or not np.isfinite(now[column]):
            continue
        odd, ordinary = found, now[column]
        for _ in range(STEPS):
            middle = odd + (ordinary - odd) / 2.0
            tried = now.copy()
            tried[column] = middle
            if judge(tried[np.newaxis])[0] > limit:
                ordinary = middle
            else:
                odd = middle
        now[column] = ordinary
    return tuple(Change(column, float(now[column])) for column in columns)


def _with(row: Vector, target: Vector, columns: list[int]) -> Vector:
    changed = row.copy()
    changed[columns] = target[columns]
    return changed
