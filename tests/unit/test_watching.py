"""The task that says what waits, with a clock of the test's own."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import faust
import pytest

from anomaly_app.agents.watching import POLL_INTERVAL, define_watching, logger, notice
from anomaly_app.context import WorkerContext
from anomaly_app.core.monitoring.watch import Batch, Letter
from anomaly_app.settings.app import Settings


@dataclass
class App:
    """What the task needs of an app; it stops at its so many-th look."""

    looks: int
    now: float = 0.0
    tasks: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    at_stop: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def on_before_shutdown(self) -> "App":
        return self

    def connect(self, handler: Callable[[], Awaitable[None]]) -> None:
        self.at_stop.append(handler)

    def task(self, task: Callable[[], Awaitable[None]]) -> None:
        self.tasks.append(task)

    @property
    def should_stop(self) -> bool:
        return self.looks == 0

    async def sleep(self, seconds: float) -> None:
        self.looks -= 1
        self.now += seconds

    async def run(self) -> None:
        for work in (*self.tasks, *self.at_stop):
            await work()


def letters(count: int) -> Batch:
    return Batch(others=[Letter("not-json", "transactions", 0, 7, "malformed")] * count)


@pytest.mark.parametrize("looks", [2, 11, 12, 100])
async def test_what_waits_is_said_after_a_minute_or_at_the_stop_and_once(
    looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, context, said = App(looks), WorkerContext(Settings()), []
    monkeypatch.setattr(time, "monotonic", lambda: app.now)
    monkeypatch.setattr(
        logger, "warning", lambda form, line: said.append((app.now, (form % line).split(",")[0]))
    )
    define_watching(cast("faust.App", app), context)
    notice(letters(1), context)
    notice(letters(3), context)
    await app.run()
    at = min(60.0, POLL_INTERVAL * looks)
    assert said == [(0.0, "1 dead letter"), (at, "3 more dead letters")]
