"""Keeps workers running, as a service manager does, while a test ends them."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from harness.workers import Worker
from tests.support.kafka import Kafka

POLL_INTERVAL = 0.2
"""Seconds between two looks at the workers."""


@dataclass
class Supervisor:
    """Workers of one group; those that end are started again.

    Parameters
    ----------
    kafka
        Their surroundings.
    environment
        Their settings beyond those of the surroundings.
    """

    kafka: Kafka
    environment: dict[str, str] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    exits: "Counter[int]" = field(default_factory=Counter)
    """How workers ended: exit codes, negative for signals."""

    def start(self) -> Worker:
        """Start one more worker."""
        worker = self.kafka.start_worker(**self.environment)
        self.workers.append(worker)
        return worker

    async def add(self) -> Worker:
        """Start one more worker, and return it when it is ready."""
        worker = self.start()
        await worker.wait_until_ready()
        return worker

    async def remove(self, worker: Worker, how: signal.Signals = signal.SIGTERM) -> int:
        """End a worker for good and give its exit code."""
        self.workers.remove(worker)
        worker.process.send_signal(how)
        code: int = await asyncio.to_thread(worker.process.wait)
        self.exits[code] += 1
        return code

    def end(self, place: int, how: signal.Signals) -> None:
        """End the worker at this place; it will be replaced."""
        if self.workers[place].process.poll() is None:
            self.workers[place].process.send_signal(how)

    async def keep_running(self) -> None:
        """Replace workers that ended, for ever."""
        while True:
            for place, worker in enumerate(self.workers):
                code = worker.process.poll()
                if code is not None:
                    self.exits[code] += 1
                    self.workers[place] = self.kafka.start_worker(**self.environment)
            await asyncio.sleep(POLL_INTERVAL)


@asynccontextmanager
async def supervised(kafka: Kafka, workers: int, **environment: str) -> AsyncIterator[Supervisor]:
    """Run workers that are replaced when they end, and stop them with the block."""
    supervisor = Supervisor(kafka, environment)
    try:
        await asyncio.gather(*(supervisor.add() for _ in range(workers)))
        keeping = asyncio.create_task(supervisor.keep_running())
        try:
            yield supervisor
        finally:
            keeping.cancel()
    finally:
        for worker in supervisor.workers:
            worker.process.terminate()
        for worker in supervisor.workers:
            worker.stop()
