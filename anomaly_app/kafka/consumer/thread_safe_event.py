"""An event that wakes one event loop, and that any thread may set."""

import asyncio


class ThreadSafeEvent:
    """Wakes what waits in one thread's event loop.

    Parameters
    ----------
    loop
        The event loop in which `wait` is called.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake who waits, or who waits next; any thread may call it."""
        if self._event.is_set():
            return
        if _is_running_here(self._loop):
            # Waking a loop as other threads must costs system calls.
            self._event.set()
        else:
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109
        """Wait until the event has been set since the last wait, or for `timeout` seconds."""
        timer = self._loop.call_later(timeout, self._event.set)
        try:
            await self._event.wait()
        finally:
            timer.cancel()
        # Whoever set it did so after its work, so whoever looks now sees that work.
        self._event.clear()


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
