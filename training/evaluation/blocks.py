"""Rows that go together: blocks of consecutive rows of one entity."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from training.history import History

Places = npt.NDArray[np.intp]


class Series(NamedTuple):
    """Rows put in order by entity, and within an entity as they came."""

    order: Places
    """Places of the rows in that order."""
    place: Places
    """In that order: the row's place among its entity's rows."""
    rows: Places
    """In that order: how many rows its entity has."""


def series_of(history: History) -> Series:
    """Put rows in order by entity; without entities all rows are of one."""
    rows = len(history)
    if history.entities is None:
        everything: Places = np.arange(rows)
        return Series(everything, everything, np.full(rows, rows, dtype=np.intp))
    names = pl.Series("entity", history.entities, dtype=pl.String).fill_null("")
    codes = names.cast(pl.Categorical).to_physical().to_numpy()
    _, seen, entity = np.unique(codes, return_index=True, return_inverse=True)
    # By first appearance: codes depend on what else the process has read.
    entity = np.argsort(np.argsort(seen))[entity]
    counts = np.bincount(entity)
    first = np.cumsum(counts) - counts
    place = np.arange(rows) - np.repeat(first, counts)
    return Series(np.argsort(entity, kind="stable"), place, np.repeat(counts, counts))


def blocks_of(history: History) -> Places:
    """Divide rows into blocks that can be taken as independent of each other.

    Neighbouring rows of an entity resemble each other: a block is as many consecutive rows of it
    as the cube root of all that it has (Hall, Horowitz and Jing, 1995), or more where that would
    cut a run of labelled anomalies. Rows without time and entity are blocks of their own.

    Returns
    -------
    ndarray of int
        The block of each row, from 0, shape ``(rows,)``.
    """
    if history.times is None and history.entities is None:
        alone: Places = np.arange(len(history))
        return alone
    series = series_of(history)
    length = np.ceil(np.cbrt(series.rows) - 1e-9).astype(np.intp)
    cut = series.place % length == 0
    if history.labels is not None:
        anomalous = history.labels[series.order]
        cut[1:] &= ~(anomalous[1:] & anomalous[:-1])
    cut |= series.place == 0
    blocks = np.empty(len(history), dtype=np.intp)
    blocks[series.order] = np.cumsum(cut) - 1
    return blocks
