"""An event loop in a thread of its own.

aiokafka takes a turn of the event loop for each few kilobytes that arrive. Where records are judged
in between, a turn takes as long as a batch of them, and an answer of some megabytes takes seconds.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Run: TypeAlias = Callable[[Coroutine[Any, Any, T]], Awaitable[T]]
"""Runs a coroutine in another event loop; whoever stops waiting for it also ends it."""


@asynccontextmanager
async def loop_in_thread(name: str) -> AsyncIterator[Run[Any]]:
    """Start an event loop in a thread, and stop it afterwards.

    Parameters
    ----------
    name
        Name of the thread.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()

    async def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, loop))

    try:
        yield run
    finally:
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()
