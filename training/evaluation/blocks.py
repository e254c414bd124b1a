"""Blocks of consecutive rows of one entity, for the block bootstrap."""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from training.history import History

Indices: TypeAlias = npt.NDArray[np.intp]


class EntityOrder(NamedTuple):
    """Rows ordered by entity, and within an entity as in the history."""

    order: Indices
    """Indices of the rows in that order."""
    position: Indices
    """In this order: the position of the row among its entity's rows."""
    rows: Indices
    """In this order: the number of rows of the entity."""


def order_by_entity(history: History) -> EntityOrder:
    """Order rows by entity; without a key, all rows belong to one entity."""
    rows = len(history)
    if history.entities is None:
        everything: Indices = np.arange(rows)
        return EntityOrder(everything, everything, np.full(rows, rows, dtype=np.intp))
    names = pl.Series("entity", history.entities, dtype=pl.String).fill_null("")
    codes = names.cast(pl.Categorical).to_physical().to_numpy()
    _, seen, entity = np.unique(codes, return_index=True, return_inverse=True)
    # By first appearance, because the codes depend on what else the process has read.
    entity = np.argsort(np.argsort(seen))[entity]
    counts = np.bincount(entity)
    first = np.cumsum(counts) - counts
    position = np.arange(rows) - np.repeat(first, counts)
    return EntityOrder(np.argsort(entity, kind="stable"), position, np.repeat(counts, counts))


def blocks_of(history: History) -> Indices:
    """Divide rows into blocks that can be treated as independent.

    Neighbouring rows of an entity are similar. The length of a block is the cube root of the
    number of the entity's rows (Hall, Horowitz and Jing, 1995), or longer if that would split a run
    of labelled anomalies. Without times and key, each row is a block of its own.

    Returns
    -------
    ndarray of int
        The block of each row, from 0, shape ``(rows,)``.
    """
    if history.times is None and history.entities is None:
        alone: Indices = np.arange(len(history))
        return alone
    ordered = order_by_entity(history)
    length = np.ceil(np.cbrt(ordered.rows) - 1e-9).astype(np.intp)
    cut = ordered.position % length == 0
    if history.labels is not None:
        anomalous = history.labels[ordered.order]
        cut[1:] &= ~(anomalous[1:] & anomalous[:-1])
    cut |= ordered.position == 0
    blocks = np.empty(len(history), dtype=np.intp)
    blocks[ordered.order] = np.cumsum(cut) - 1
    return blocks
