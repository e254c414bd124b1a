"""An event that any thread may set."""

import asyncio
import threading
import time

from anomaly_app.kafka.consumer.thread_safe_event import ThreadSafeEvent


async def seconds_of_waiting(event: ThreadSafeEvent, at_most: float) -> float:
    began = time.monotonic()
    await event.wait(at_most)
    return time.monotonic() - began


async def test_it_stays_set_until_it_is_waited_for_and_other_threads_may_set_it() -> None:
    event = ThreadSafeEvent(asyncio.get_running_loop())
    event.set()
    assert await seconds_of_waiting(event, 10) < 0.1
    for pause in (0.2, 0.0):
        threading.Timer(pause, event.set).start()
        assert pause <= await seconds_of_waiting(event, 10) < 5


async def test_it_is_not_waited_for_longer_than_asked_and_then_is_not_set() -> None:
    event = ThreadSafeEvent(asyncio.get_running_loop())
    assert 0.05 <= await seconds_of_waiting(event, 0.05) < 5
    assert 0.05 <= await seconds_of_waiting(event, 0.05) < 5
