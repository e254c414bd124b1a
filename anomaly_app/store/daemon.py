"""Calls that may block for long, each in a thread that holds up no exit of the process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

from anomaly_app.errors import StoreUnavailable

T = TypeVar("T")

POLL_INTERVAL = 0.2
"""Seconds between two checks whether to abandon the call."""


async def in_daemon(call: Callable[[], T], should_abandon: Callable[[], bool]) -> T:
    """Return what a call returns, which runs in a thread of its own.

    A pool's threads are waited for when the process ends, and a frozen database never answers.

    Parameters
    ----------
    call
        It may go on after it was abandoned.
    should_abandon
        Whether the process is to stop.

    Raises
    ------
    StoreUnavailable
        The call was abandoned.
    Exception
        What the call raises.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def resolve(result: T | None, fault: BaseException | None) -> None:
        if answer.done():
            return
        if fault is not None:
            answer.set_exception(fault)
        else:
            answer.set_result(result)  # type: ignore[arg-type]  # it is what the call returned

    def run() -> None:
        result, raised = None, None
        try:
            result = call()
        except BaseException as fault:  # noqa: BLE001  # it is raised where the call is awaited
            raised = fault
        # The loop may be closed by now.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(resolve, result, raised)

    Thread(target=run, name="store", daemon=True).start()
    while not answer.done():
        await asyncio.wait({answer}, timeout=POLL_INTERVAL)
        if not answer.done() and should_abandon():
            answer.cancel()
            raise StoreUnavailable("the store did not answer before the worker stopped")
    return answer.result()
