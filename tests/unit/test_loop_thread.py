"""An event loop in a thread of its own."""

import asyncio
import threading

import pytest

from anomaly_app.kafka.consumer.loop_thread import loop_in_thread
from tests.support.waiting import eventually


async def _thread() -> str:
    return threading.current_thread().name


async def _fails() -> None:
    raise LookupError("nothing there")


async def test_coroutines_run_in_the_thread() -> None:
    async with loop_in_thread("elsewhere") as run:
        assert await run(_thread()) == "elsewhere"
        assert await _thread() != "elsewhere"


async def test_faults_arrive_where_somebody_waits() -> None:
    async with loop_in_thread("elsewhere") as run:
        with pytest.raises(LookupError, match="nothing there"):
            await run(_fails())


async def test_what_nobody_waits_for_any_more_is_cancelled() -> None:
    began, ended = threading.Event(), threading.Event()

    async def endless() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with loop_in_thread("elsewhere") as run:
        waiting = asyncio.ensure_future(run(endless()))
        await eventually(began.is_set, bool)
        waiting.cancel()
        await eventually(ended.is_set, bool)
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_the_thread_ends_with_the_block() -> None:
    async with loop_in_thread("elsewhere"):
        assert "elsewhere" in {thread.name for thread in threading.enumerate()}
    assert "elsewhere" not in {thread.name for thread in threading.enumerate()}
