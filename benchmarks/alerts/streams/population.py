"""The traffic of a family without what is planted: many simulations joined, on one time axis."""

import dataclasses
from typing import NamedTuple

import numpy as np
import polars as pl

from benchmarks.alerts.stream import DAY
from benchmarks.alerts.streams.episodes import keep_some, number_episodes
from benchmarks.alerts.streams.families.family import Family
from demo.simulators import SIMULATORS
from training.history import History

EPISODES_A_DAY = 12.0
"""Of the scenario itself: more are left out."""


class Traffic(NamedTuple):
    """All records of a family, in the order of time."""

    frame: pl.DataFrame
    """Columns ``entity``, ``time``, ``unit``, ``episode`` (its number, -1: none), ``kind`` and the
    features."""
    features: tuple[str, ...]
    begin: float
    """Where the history ends and the stream begins, in seconds since the epoch."""
    pattern: History
    """A history of the simulator, for its roles."""

    @property
    def history(self) -> History:
        """The rows to learn from."""
        past = self.frame.filter(pl.col("time") < self.begin)
        return dataclasses.replace(
            self.pattern,
            frame=past.select(self.features),
            entities=past["entity"].alias(""),
            times=past["time"].to_numpy(),
            ids=None,
            labels=None,
        )

    @property
    def stream(self) -> pl.DataFrame:
        """The rows to judge."""
        return self.frame.filter(pl.col("time") >= self.begin)


def simulate(family: Family, rng: np.random.Generator) -> Traffic:
    """Simulate the history and the stream of a family."""
    simulate_unit = SIMULATORS[family.name].simulate
    count = family.rows_a_day * (family.history + family.days)
    parts = []
    for unit in range(family.units):
        simulation = simulate_unit(count, seed=int(rng.integers(2**31)))
        pattern = simulation.history
        assert pattern.entities is not None  # noqa: S101
        part = pattern.frame.with_columns(
            entity=_names(pattern.entities, unit),
            time=pl.Series(pattern.times),
            unit=pl.lit(unit, dtype=pl.Int32),
            kind=pl.Series(simulation.kinds),
        )
        parts.append(part)
    frame = pl.concat(parts).sort("time", maintain_order=True)
    first = float(np.floor(frame["time"][0] / DAY) * DAY)
    begin = first + family.history * DAY
    frame = frame.filter(pl.col("time") < begin + family.days * DAY)
    place = pl.int_range(pl.len()).over("entity")
    frame = frame.filter(place % family.every == 0)
    episodes = int(rng.poisson(EPISODES_A_DAY * (family.history + family.days)))
    frame = keep_some(number_episodes(frame), episodes, rng)
    return Traffic(frame, tuple(pattern.frame.columns), begin, pattern)


def _names(entities: pl.Series, unit: int) -> pl.Series:
    """Tell the entities of the simulations apart: ``card-0042`` becomes ``card-03-0042``."""
    stem, number = r"^(.*)-(\d+)$", f"${{1}}-{unit:02d}-${{2}}"
    return entities.str.replace(stem, number)
