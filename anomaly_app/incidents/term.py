"""The time in which a worker has the log of alerts: what it may do, and how it knows."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from anomaly_app.core.alerts.log import Entry, Tick
from anomaly_app.core.alerts.state import State
from anomaly_app.incidents.state_memory import StateMemory

Append: TypeAlias = Callable[[Sequence[Entry]], Awaitable[int]]
"""Writes entries to the log; returns the offset of the last when the broker has them all."""

BETWEEN_TICKS = 1.0
"""Seconds between two ticks, at least."""


@dataclass(frozen=True)
class Hold:
    """What the worker's consumer says about the partition of the log.

    Parameters
    ----------
    memory
        Returns the state, if the partition is this worker's and its state is restored.
    generation
        Returns the number of the present assignment.
    last_commit
        Returns when the last acknowledged commit of this assignment was begun, on `clock`; None if
        there was none.
    lease
        Seconds after a commit for which no other worker can have the partition.
    append
        Writes to the log.
    clock
        Seconds, which never go back and go on while the process is frozen.
    now
        Seconds since the epoch.
    """

    memory: Callable[[], StateMemory | None]
    generation: Callable[[], int]
    last_commit: Callable[[], float | None]
    lease: float
    append: Append
    clock: Callable[[], float]
    now: Callable[[], float]


class Term:
    """One assignment of the log to this worker.

    Parameters
    ----------
    hold
        What the consumer says.
    memory
        The state.
    before
        The last term of this worker.
    """

    def __init__(self, hold: Hold, memory: StateMemory, before: "Term | None" = None) -> None:
        self.memory = memory
        self.marker: int | None = None
        """Offset of this term's first entry: all that others have done is before it."""
        self.hold = hold
        self.is_asked = False
        """Whether somebody waits for a commit."""
        self.generation = hold.generation()
        is_continued = before is not None and self.generation == before.generation + 1
        self.others_until = float("-inf") if is_continued else hold.clock()
        """Until when another worker may have had the log; in seconds of the clock."""
        self._is_over = False
        self._changed = asyncio.Event()
        self._ticked_at = float("-inf")

    @property
    def state(self) -> State:
        """The state of the alerts."""
        return self.memory.state

    @property
    def is_on(self) -> bool:
        """Whether the log is this worker's, as far as it knows."""
        hold = self.hold
        is_same = hold.memory() is self.memory and hold.generation() == self.generation
        return is_same and not self._is_over

    @property
    def has_caught_up(self) -> bool:
        """Whether all is applied that was written before this term."""
        return self.marker is not None and self.state.next > self.marker

    @property
    def is_confirmed(self) -> bool:
        """Whether the broker has confirmed a moment ago that the log is this worker's.

        A worker that was frozen, or is cut off from the broker, does not know that another one has
        taken over.
        """
        committed = self.hold.last_commit()
        is_recent = committed is not None and self.hold.clock() < committed + self.hold.lease
        return is_recent and self.has_caught_up and self.is_on

    async def confirm(self) -> None:
        """Let something be committed, and wait for it a while; see `is_confirmed`."""
        self.is_asked = True
        await self.tick()
        await self.wait(BETWEEN_TICKS)

    async def is_ours(self) -> bool:
        """Whether the log is this worker's, as the broker confirms; see `is_confirmed`."""
        while self.is_on and not self.is_confirmed:
            await self.confirm()
        return self.is_on

    async def begin(self) -> None:
        """Write the first entry of this term."""
        self.marker = await self.hold.append([Tick()])

    async def tick(self) -> None:
        """Write that time passes, unless that was written a moment ago."""
        now = self.hold.clock()
        if now >= self._ticked_at + BETWEEN_TICKS:
            self._ticked_at = now
            await self.hold.append([Tick()])

    @property
    def is_due(self) -> bool:
        """Whether something is due that only time brings."""
        deadline = self.state.next_deadline(self.memory.policy)
        return deadline is not None and deadline <= self.hold.now()

    async def wait(self, seconds: float | None) -> None:
        """Return when something has changed, or when some time has passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def change(self) -> None:
        """Wake those that wait."""
        self._changed.set()
        self._changed = asyncio.Event()

    def end(self) -> None:
        """Let nothing more begin."""
        self._is_over = True
        self.change()
