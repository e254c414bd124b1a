"""What a simulator gives: rows in the order of their times, and the kind of each anomaly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import polars as pl

from anomaly_app.core.roles.roles import Roles
from training.history import History

MINUTE = 60.0
HOUR = 3_600.0
DAY = 86_400.0

START = 1_767_398_400.0
"""2026-01-03 in UTC, a Saturday, so that a few days of history have a weekend."""

AnomalyClass: TypeAlias = Literal["point", "contextual", "collective"]
"""What shows an anomaly: its own values, its values in their circumstances (whose they are, at
which hour, after what), or only several rows together."""


class Kind(NamedTuple):
    """A kind of anomaly, and how much of it there is.

    Parameters
    ----------
    anomaly_class
        What shows it.
    per_10_000
        Episodes per 10,000 ordinary rows.
    length
        Shortest and longest episode, in the unit that the simulator says.
    """

    anomaly_class: AnomalyClass
    per_10_000: float
    length: tuple[int, int] = (1, 1)

    def episodes(self, count: int) -> int:
        """Return how many episodes there are among ordinary rows, at least one."""
        return max(round(count * self.per_10_000 / 10_000), 1)


class Simulation(NamedTuple):
    """Simulated history, and the kind of anomaly of each row ("" if it is ordinary)."""

    history: History
    kinds: list[str]


class Simulate(Protocol):
    """A function that simulates a stream."""

    def __call__(self, count: int, *, seed: int) -> Simulation:
        """Simulate at least `count` rows in time order; the same seed gives the same rows."""
        ...


@dataclass(frozen=True)
class Simulator:
    """A stream that can be simulated.

    Parameters
    ----------
    simulate
        Simulates it.
    kinds
        The kinds of its anomalies, by their names.
    history
        Number of rows to train on: some days of all entities.
    preset
        The preset of the entities' memory that suits it.
    """

    simulate: Simulate
    kinds: Mapping[str, Kind]
    history: int
    preset: str


def simulation(frame: pl.DataFrame, *, source: str, label: str) -> Simulation:
    """Join simulated rows to a history.

    Parameters
    ----------
    frame
        Columns ``entity``, ``time`` (seconds since the epoch) and ``kind``; the others are the
        features. Rows of the same time keep their order.
    source
        Name of the history.
    label
        Name of the column of the labels, if the rows are written to a file.
    """
    rows = frame.sort("time", maintain_order=True)
    kinds = rows["kind"].to_list()
    history = History(
        source=source,
        frame=rows.drop("entity", "time", "kind"),
        entities=rows["entity"].alias(""),
        ids=pl.int_range(len(rows), eager=True),
        times=rows["time"].to_numpy(),
        labels=np.array([kind != "" for kind in kinds]),
        roles=Roles(key="entity", time="time", id="id", label=label),
    )
    return Simulation(history, kinds)
