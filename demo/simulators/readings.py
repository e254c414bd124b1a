"""Readings of several entities at a steady interval, and how ordinary ones move."""

from collections.abc import Mapping
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.signal import lfilter

from demo.simulators.episodes import Episode
from demo.simulators.simulation import DAY, HOUR, MINUTE, START

JITTER = 0.02
"""Part of the interval by which readings are early or late."""

Numbers: TypeAlias = npt.NDArray[np.float64]
"""Numbers, shape ``(entities, steps)``, or ``(entities, 1)`` if they are always the same."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""What holds of which reading, shape ``(entities, steps)``."""


Value = TypeVar("Value", bound=np.generic)


def part(values: npt.NDArray[Value], episode: Episode) -> npt.NDArray[Value]:
    """Return the values of an episode, to read or to change."""
    return values[episode.entity, episode.begin : episode.end]


class Readings:
    """The times and kinds of readings, and the ordinary movements of their values.

    Parameters
    ----------
    rng
        Source of all that is random.
    entities
        Number of entities.
    count
        At least so many readings, of all entities together.
    interval
        Seconds between two readings of an entity.
    """

    def __init__(
        self, rng: np.random.Generator, *, entities: int, count: int, interval: float
    ) -> None:
        self._rng = rng
        self._interval = interval
        self.shape = (entities, -(-count // entities))
        steps = np.arange(self.shape[1]) + rng.random((entities, 1))
        self.seconds: Numbers = interval * (steps + rng.uniform(-JITTER, JITTER, self.shape))
        """Since the begin."""
        self.hour: Numbers = self.seconds % DAY / HOUR
        self.day: npt.NDArray[np.int64] = (self.seconds // DAY).astype(np.int64)
        """Days since the begin, a Saturday."""
        self.kinds = np.full(self.shape, "", dtype=object)

    @property
    def ticks(self) -> npt.NDArray[np.int64]:
        """The step of each reading, in the order of time."""
        return np.repeat(np.arange(self.shape[1]), self.shape[0])

    def mark(self, episode: Episode, kind: str, *, skip: float = 0.0) -> None:
        """Label the readings of an episode, apart from the first part of it (0 to 1)."""
        begin = episode.begin + int(skip * episode.length)
        self.kinds[episode.entity, begin : episode.end] = kind

    def own(self, mean: float, deviation: float) -> Numbers:
        """Return a normal value of each entity, shape ``(entities, 1)``."""
        return self._rng.normal(mean, deviation, (self.shape[0], 1))

    def noise(self, deviation: float = 1.0) -> Numbers:
        """Return what is random in each reading, independent of the others."""
        return self._rng.normal(0.0, deviation, self.shape)

    def wander(self, minutes: float, deviation: float = 1.0) -> Numbers:
        """Return slow random movements: autocorrelation falls to 1/e in so many minutes."""
        kept = float(np.exp(-self._interval / (minutes * MINUTE)))
        pushes = self.noise(deviation * np.sqrt(1.0 - kept * kept))
        pushes[:, 0] = self._rng.normal(0.0, deviation, self.shape[0])
        moved: Numbers = lfilter([1.0], [1.0, -kept], pushes, axis=1)
        return moved

    def follow(self, target: Numbers, minutes: float) -> Numbers:
        """Return values that approach a target, with a time constant in minutes."""
        kept = float(np.exp(-self._interval / (minutes * MINUTE)))
        begin = target[:, :1]
        followed: Numbers = begin + lfilter([1.0 - kept], [1.0, -kept], target - begin, axis=1)
        return followed

    def steps_of(self, minutes: float) -> Numbers:
        """Return values from 0 to 1 that stay as they are for so many minutes on average."""
        changes = self._rng.random(self.shape) < self._interval / (minutes * MINUTE)
        changes[:, 0] = True
        last = np.maximum.accumulate(np.where(changes, np.arange(self.shape[1]), 0), axis=1)
        levels: Numbers = np.take_along_axis(self._rng.random(self.shape), last, axis=1)
        return levels

    def now_and_then(self, a_day: float | Numbers, minutes: tuple[float, float]) -> Mask:
        """Return spans of time that happen so often a day and last so many minutes."""
        begins = self._rng.random(self.shape) < np.asarray(a_day) * self._interval / DAY
        entity, begin = np.nonzero(begins)
        length = self._rng.uniform(*minutes, len(begin)) * MINUTE / self._interval
        end = np.minimum(begin + np.maximum(length.astype(np.int64), 1), self.shape[1])
        changes = np.zeros((self.shape[0], self.shape[1] + 1), dtype=np.int64)
        np.add.at(changes, (entity, begin), 1)
        np.add.at(changes, (entity, end), -1)
        inside: Mask = changes.cumsum(axis=1)[:, :-1] > 0
        return inside

    def frame(self, name: str, columns: Mapping[str, npt.NDArray[np.generic]]) -> pl.DataFrame:
        """Return all readings as rows: those of one time after another.

        Parameters
        ----------
        name
            What an entity is; its number is added.
        columns
            Values of each reading, by the name of the feature.
        """
        entities, steps = self.shape
        names = np.array([f"{name}-{number:02d}" for number in range(1, entities + 1)])
        return pl.DataFrame(
            {
                "entity": np.repeat(names, steps),
                "time": (START + self.seconds.ravel()).round(3),
                "kind": self.kinds.ravel().tolist(),
                **{column: values.ravel() for column, values in columns.items()},
            }
        )
