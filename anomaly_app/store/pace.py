"""How long the store waits between two writes: for more messages, and for a worker that is busy."""

import time
from collections.abc import Callable

MANY = 500
"""Messages that are worth a transaction of their own."""

LINGER = 1.0
"""Seconds that fewer messages wait for others: a transaction has a fixed cost."""

BUSY = 0.5
"""Of a core: what the rest of a worker uses when it works off a backlog."""

SHARE = 0.05
"""Of a core: what the store uses meanwhile. Kafka keeps the rest until there is time."""

LONGEST = 10.0
"""Seconds of the longest pause."""


class Pace:
    """Says how long to wait after each write.

    Parameters
    ----------
    clock
        Seconds of a monotonic clock.
    used
        Seconds of CPU that this process has used.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.process_time,
    ) -> None:
        self._clock = clock
        self._used = used
        self._last = clock(), used()

    def pause(self, spent: float, messages: int) -> float:
        """Return the seconds to wait.

        Parameters
        ----------
        spent
            Seconds of CPU of the last write.
        messages
            How many were written.
        """
        (before, used_before), (now, used) = self._last, (self._clock(), self._used())
        self._last = now, used
        linger = 0.0 if messages >= MANY else LINGER
        is_busy = used - used_before - spent > BUSY * (now - before)
        return min(max(linger, spent / SHARE if is_busy else 0.0), LONGEST)
