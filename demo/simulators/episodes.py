"""When anomalies happen, and to whom."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from demo.simulators.simulation import Kind

TRIES = 400
"""How often a place is looked for, before an episode is left out."""


class Episode(NamedTuple):
    """A part of the time of one entity, in the ticks of the simulator."""

    entity: int
    begin: int
    end: int

    @property
    def length(self) -> int:
        """Ticks from its begin to its end, which is not part of it."""
        return self.end - self.begin


def anywhere(_: Episode) -> bool:
    """Accept every place of an episode."""
    return True


class Calendar:
    """Places episodes so that no two meet at one entity.

    Episodes of one kind are spread over the stream, so that each part of it has some.

    Parameters
    ----------
    rng
        Source of the places.
    entities
        Number of entities.
    ticks
        When the ordinary rows are, increasing. Where many are, many episodes begin.
    """

    def __init__(
        self, rng: np.random.Generator, *, entities: int, ticks: npt.NDArray[np.int64]
    ) -> None:
        self._rng = rng
        self._entities = entities
        self._ticks = ticks
        self._taken: dict[int, list[Episode]] = defaultdict(list)

    def place(self, kind: Kind, fits: Callable[[Episode], bool] = anywhere) -> Iterator[Episode]:
        """Yield the episodes of a kind, each where it fits; one that fits nowhere is left out."""
        number = kind.episodes(len(self._ticks))
        for index in range(number):
            for _ in range(TRIES):
                episode = self._drawn(kind, index / number, (index + 1) / number)
                if self._is_free(episode) and fits(episode):
                    self._taken[episode.entity].append(episode)
                    yield episode
                    break

    def _drawn(self, kind: Kind, earliest: float, latest: float) -> Episode:
        shortest, longest = kind.length
        span = int(self._ticks[-1]) + 1
        length = min(int(self._rng.integers(shortest, longest + 1)), span // 2)
        row = int(self._rng.uniform(earliest, latest) * len(self._ticks))
        begin = min(int(self._ticks[row]), span - length)
        return Episode(int(self._rng.integers(self._entities)), begin, begin + length)

    def _is_free(self, episode: Episode) -> bool:
        # Half an episode apart, so that people would not take the two for one.
        margin = episode.length // 2 + 1
        return all(
            episode.end + margin <= other.begin or other.end + margin <= episode.begin
            for other in self._taken[episode.entity]
        )
