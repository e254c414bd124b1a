"""Runs that wait for the scoring agent, so that it can take all of them at once.

A scoring call costs nearly the same for one record as for a hundred. While one is under way,
runs of several partitions and fetches pile up here; the next call takes them together. So the
batches follow the load by themselves, and nothing ever waits for a batch to fill.
"""

import asyncio
from typing import Any, Generic, Protocol, TypeVar

MOST_RUNS = 64
"""Runs that wait at most; then the agent stops taking from Faust, which stops fetching."""


class Run(Protocol):
    """A Faust event whose value is a run of records."""

    value: Any
    """The records, a list."""


R = TypeVar("R", bound=Run)


class Inbox(Generic[R]):
    """Runs in the order of their arrival.

    Parameters
    ----------
    batch_size
        Records that are taken together at most, unless a single run has more.
    """

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self._queue: asyncio.Queue[R] = asyncio.Queue(MOST_RUNS)
        self._held: R | None = None

    async def put(self, run: R) -> None:
        """Add a run; waits while `MOST_RUNS` are there."""
        await self._queue.put(run)

    async def take(self) -> list[R]:
        """Take all runs that are there, up to the batch size; waits for the first."""
        first = self._held if self._held is not None else await self._queue.get()
        self._held = None
        taken, records = [first], len(first.value)
        while not self._queue.empty():
            run = self._queue.get_nowait()
            records += len(run.value)
            if records > self._batch_size:
                self._held = run
                break
            taken.append(run)
        return taken
