"""What tells the families of streams apart: traffic, attributes, and what can go wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import polars as pl

Change: TypeAlias = Callable[[np.random.Generator, pl.DataFrame, float], pl.DataFrame]
"""Makes rows odd, by a strength from 0 (hardly) to 1 (very)."""

Describe: TypeAlias = Callable[[np.random.Generator, pl.DataFrame], pl.DataFrame]
"""Adds the attributes of the rows, which the model does not know."""


class Oddity(NamedTuple):
    """One way to be odd: a feature and a direction."""

    name: str
    """The feature and the direction: ``amount up``."""
    change: Change


class Sharing(NamedTuple):
    """Attributes that a campaign can share.

    Either it is a place where entities go (``carried`` is what a record has of it), or something
    that entities have. What they have may be given to them: a roll-out.
    """

    attributes: tuple[str, ...]
    carried: tuple[str, ...] = ()
    """Columns that the records of the campaign have from ordinary records at that place."""
    roll_out: Callable[[np.random.Generator], str] | None = None
    """Names a new value, which entities get shortly before the campaign."""
    wide: bool = False
    """Whether hundreds of entities can share it."""


Layout: TypeAlias = Literal["flat", "features", "beside", "nested"]
"""Where a record has its attributes: all columns on one level; among the features; beside them; or
in an object of their own."""


@dataclass(frozen=True)
class Family:
    """A simulated scenario, made large.

    Parameters
    ----------
    name
        One of `demo.simulators.SIMULATORS`.
    units
        How many simulations are joined, each with entities of its own.
    history, days
        Days to learn from, and days to judge after them.
    rows_a_day
        Rows that one simulation has a day, at least.
    every
        Every so many-th row of an entity is kept: 1 keeps all.
    alert_rate
        Share of ordinary records that are anomalies to the model.
    waking
        First and last hour in which campaigns begin.
    layout
        Where its records have the attributes.
    features
        Columns that the model may use; all others are attributes.
    describe
        Adds the attributes.
    oddities
        What can be odd.
    sharings
        What campaigns can share.
    adds
        Whether campaigns add records (payments, requests), or change those that come anyway
        (readings).
    """

    name: str
    units: int
    history: int
    days: int
    rows_a_day: int
    alert_rate: float
    layout: Layout
    describe: Describe
    oddities: Sequence[Oddity]
    outages: Sequence[Oddity]
    sharings: Sequence[Sharing]
    adds: bool
    every: int = 1
    waking: tuple[float, float] = (0.0, 24.0)
