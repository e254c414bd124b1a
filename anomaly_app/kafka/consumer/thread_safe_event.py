"""An event that wakes one event loop, and that any thread may set."""

import asyncio


class ThreadSafeEvent:
    """Wakes a waiter in one thread's event loop.

    Parameters
    ----------
    loop
        The event loop in which `wait` is called.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake the current or the next waiter; any thread may call this."""
        if self._event.is_set():
            return
        if _is_running_here(self._loop):
            # `call_soon_threadsafe`, which other threads need, costs system calls.
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
        # The event is set after the work that it announces, so that work is visible now.
        self._event.clear()


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
