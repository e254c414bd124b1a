"""How fast Slack may be called."""

import asyncio


class Pace:
    """Keeps calls of one kind apart.

    Parameters
    ----------
    interval
        Seconds between two calls.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next_at = 0.0

    @property
    def pause(self) -> float:
        """Seconds until the next call; 0 if it may begin now."""
        return max(self._next_at - asyncio.get_running_loop().time(), 0.0)

    def begin(self) -> None:
        """Note that a call begins."""
        self.hold(self._interval)

    def hold(self, seconds: float) -> None:
        """Begin no call for so long."""
        self._next_at = max(self._next_at, asyncio.get_running_loop().time() + seconds)

    async def turn(self) -> None:
        """Wait until a call may begin, and note that it does."""
        while (pause := self.pause) > 0:  # noqa: ASYNC110  # others may prolong it meanwhile
            await asyncio.sleep(pause)
        self.begin()
