"""Waiting in tests: for a condition, with a deadline; never for a time that ought to do."""

import asyncio
import inspect
import os
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

PATIENCE = 90.0
"""Seconds that something which will happen may take on a busy machine."""

POLL_INTERVAL = 0.1
"""Seconds between two looks."""


async def eventually(
    look: Callable[[], Any], expected: Callable[[Any], bool], *, patience: float = PATIENCE
) -> Any:
    """Look again and again until `expected` holds of what is seen; give that.

    Parameters
    ----------
    look
        A function or a coroutine function.
    expected
        Whether its answer is the one that is waited for.
    patience
        Seconds after which the test fails.
    """
    deadline = time.monotonic() + patience
    while True:
        answer = await _seen(look)
        if expected(answer) or time.monotonic() > deadline:
            assert expected(answer), answer
            return answer
        await asyncio.sleep(POLL_INTERVAL)


async def unchanged(look: Callable[[], Any], *, seconds: float, patience: float = PATIENCE) -> Any:
    """Look again and again until the answer has been the same for so many seconds; give it.

    What should not come has that time to show.
    """
    deadline = time.monotonic() + patience
    answer, since = await _seen(look), time.monotonic()
    while time.monotonic() < since + seconds:
        assert time.monotonic() < deadline, f"still changes: {answer}"
        await asyncio.sleep(POLL_INTERVAL)
        if (now := await _seen(look)) != answer:
            answer, since = now, time.monotonic()
    return answer


async def elapse(seconds: float) -> None:
    """Let time pass that is part of the story: an outage, or a pause between two faults.

    It is not for waiting until something has happened: that is `eventually`.
    """
    await asyncio.sleep(seconds)


@asynccontextmanager
async def connections_closed() -> AsyncIterator[None]:
    """Leave the block when the sockets that were opened in it are closed.

    A connection that broke off is closed in a later turn of the event loop.
    """
    before = open_sockets()
    try:
        yield
    finally:
        await eventually(open_sockets, lambda now: now <= before, patience=10.0)


def open_sockets() -> set[int]:
    """Inodes of the sockets that this process has open."""
    found = set()
    for name in os.listdir("/dev/fd"):  # noqa: PTH208  # names of descriptors, not files
        try:
            status = os.fstat(int(name))
        except OSError:
            continue
        if stat.S_ISSOCK(status.st_mode):
            found.add(status.st_ino)
    return found


async def _seen(look: Callable[[], Any]) -> Any:
    answer = look()
    return await answer if inspect.isawaitable(answer) else answer
