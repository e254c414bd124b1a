"""Pauses between attempts: growing, spread at random, and abandoned on request.

The pause is drawn between 0 and a bound that doubles ("full jitter": Marc Brooker, Exponential
Backoff and Jitter, AWS Architecture Blog 2015), so that workers that failed together do not come
back together.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

POLL_INTERVAL = 0.2
"""Seconds between two looks whether to abandon: a stop waits for no more than this."""


@dataclass(frozen=True)
class Backoff:
    """How long to wait between attempts.

    Parameters
    ----------
    first, longest
        Seconds: bound of the first pause, and of any.
    draw
        Gives a pause from its bounds; a test may always take the upper one.
    sleep, clock
        Seconds pass in them; a test may have a time of its own.
    """

    first: float
    longest: float
    draw: Callable[[float, float], float] = random.uniform
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic

    def pauses(self) -> Iterator[float]:
        """Give the pauses between attempts, in seconds, without an end."""
        bound = self.first
        while True:
            yield self.draw(0.0, bound)
            bound = min(2 * bound, self.longest)

    async def wait(self, seconds: float, should_abandon: Callable[[], bool]) -> bool:
        """Wait, unless that is to be abandoned.

        Parameters
        ----------
        seconds
            One of `pauses`, or what the other side asked for.
        should_abandon
            Looked at every `POLL_INTERVAL`.

        Returns
        -------
        bool
            Whether it was abandoned.
        """
        end = self.clock() + seconds
        while not should_abandon():
            left = end - self.clock()
            if left <= 0:
                return False
            await self.sleep(min(left, POLL_INTERVAL))
        return True
