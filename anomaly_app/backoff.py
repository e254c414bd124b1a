"""Pauses between attempts: growing, random, and interruptible.

The pause is drawn between 0 and a bound that doubles ("full jitter": Marc Brooker, Exponential
Backoff and Jitter, AWS Architecture Blog 2015), so that workers that failed together do not retry
together.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

POLL_INTERVAL = 0.2
"""Seconds between two checks whether to abandon: the longest delay of a stop."""


@dataclass(frozen=True)
class Backoff:
    """How long to wait between attempts.

    Parameters
    ----------
    first, longest
        Seconds: bound of the first pause, and largest bound.
    draw
        Draws a pause between two bounds; a test may always return the upper one.
    sleep, clock
        Sleep, and the current time in seconds; a test may replace them.
    """

    first: float
    longest: float
    draw: Callable[[float, float], float] = random.uniform
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic

    def pauses(self) -> Iterator[float]:
        """Yield pauses between attempts, in seconds, without end."""
        bound = self.first
        while True:
            yield self.draw(0.0, bound)
            bound = min(2 * bound, self.longest)

    async def wait(self, seconds: float, should_abandon: Callable[[], bool]) -> bool:
        """Wait, unless the wait is abandoned.

        Parameters
        ----------
        seconds
            One of `pauses`, or what the other side asked for.
        should_abandon
            Called every `POLL_INTERVAL`.

        Returns
        -------
        bool
            Whether the wait was abandoned.
        """
        end = self.clock() + seconds
        while not should_abandon():
            left = end - self.clock()
            if left <= 0:
                return False
            await self.sleep(min(left, POLL_INTERVAL))
        return True
