"""A time that passes only where the code waits: tests of pauses take none."""

import asyncio

from anomaly_app.backoff import Backoff


class FakeClock:
    """Seconds that pass when somebody sleeps, and the pauses that were slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def backoff(self, first: float = 1.0, longest: float = 60.0) -> Backoff:
        """Pauses of this time, always the longest that may be drawn."""
        return Backoff(first, longest, draw=lambda _, most: most, sleep=self.sleep, clock=self)
