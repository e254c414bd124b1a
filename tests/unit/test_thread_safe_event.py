"""An event that any thread may set."""

import asyncio
import threading
import time

from anomaly_app.kafka.consumer.thread_safe_event import ThreadSafeEvent

LONG = 3600.0


async def test_it_stays_set_until_it_is_waited_for() -> None:
    event = ThreadSafeEvent(asyncio.get_running_loop())
    event.set()
    await asyncio.wait_for(event.wait(LONG), 10)
    waiting = asyncio.ensure_future(event.wait(LONG))
    await asyncio.sleep(0)
    assert not waiting.done()
    event.set()
    await asyncio.wait_for(waiting, 10)


async def test_another_thread_may_set_it() -> None:
    event = ThreadSafeEvent(asyncio.get_running_loop())
    waiting = asyncio.ensure_future(event.wait(LONG))
    await asyncio.sleep(0)
    assert not waiting.done()
    threading.Thread(target=event.set).start()
    await asyncio.wait_for(waiting, 10)
    assert waiting.done()


async def test_it_is_not_waited_for_longer_than_asked() -> None:
    event = ThreadSafeEvent(asyncio.get_running_loop())
    began = time.monotonic()
    await asyncio.wait_for(event.wait(0.05), 10)
    # The clock of a loop is not finer than this.
    assert time.monotonic() - began > 0.04
