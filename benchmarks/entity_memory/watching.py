"""A worker, watched through its pages while its memory is restored and published."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.errors import BenchmarkError
from harness.workers import Worker

LOOK = 0.05
"""Seconds between two looks at a page."""

PATIENCE = 240.0
"""Seconds within which anything has to happen."""

RESTORED = re.compile(r"is restored up to offset \d+: \d+ images, (\d+) offsets replayed")

Condition = Callable[["Seen"], bool]


class Seen(NamedTuple):
    """What a worker's page said."""

    at: float
    """When it did (`time.monotonic`)."""
    stats: dict[str, Any]

    @property
    def memories(self) -> list[dict[str, Any]]:
        """The memories of the partitions that the worker has."""
        found: list[dict[str, Any]] = (self.stats.get("memory") or {}).get("partitions", [])
        return found

    @property
    def events(self) -> int:
        """Records that it has judged."""
        return int(self.stats.get("events", 0))

    @property
    def bytes_sent(self) -> int:
        """Bytes that it has published."""
        return int((self.stats.get("memory") or {}).get("bytes_sent", 0))

    def lag(self, topic: str) -> int:
        """Return how many records wait on a topic."""
        partitions = self.stats.get("partitions", ())
        return sum(each["lag"] or 0 for each in partitions if each["topic"] == topic)

    def has(self, partitions: int) -> bool:
        """Return whether so many partitions with a memory are the worker's."""
        return len(self.memories) == partitions

    def judges(self, partitions: int) -> bool:
        """Return whether it judges so many partitions."""
        return self.has(partitions) and all(memory["live"] for memory in self.memories)


@dataclass
class Watched:
    """A worker of the app with memory."""

    worker: Worker
    replayed: int = field(default=0)
    """Events that it has replayed, as far as its log was read."""

    @classmethod
    def start(cls, folder: Path, settings: dict[str, str], faust: Path) -> "Watched":
        """Start a worker."""
        return cls(Worker.start(folder, settings, faust=faust))

    async def look(self) -> Seen:
        """Look at its page now; it is empty if the worker does not answer."""
        _, stats = await self.worker.get("/stats")
        return Seen(time.monotonic(), stats or {})

    async def until(self, condition: Condition, what: str) -> Seen:
        """Look until a condition holds.

        Raises
        ------
        BenchmarkError
            The worker ended, or it took longer than `PATIENCE`.
        """
        deadline = time.monotonic() + PATIENCE
        while not condition(seen := await self.look()):
            if self.worker.process.poll() is not None:
                raise BenchmarkError(f"a worker ended: {self.worker.exit_reason()}")
            if seen.at > deadline:
                raise BenchmarkError(
                    f"{what} took longer than {PATIENCE:.0f} s; see {self.worker.log}"
                )
            await asyncio.sleep(LOOK)
        return seen

    def newly_replayed(self) -> int:
        """Return how many events were replayed since the last call, as the log says."""
        whole = sum(map(int, RESTORED.findall(self.worker.log.read_text(errors="replace"))))
        new, self.replayed = whole - self.replayed, whole
        return new

    def kill(self) -> None:
        """End it as a power cut would."""
        self.worker.process.kill()
        self.worker.process.wait()

    async def stop(self) -> None:
        """Stop it gracefully."""
        await asyncio.to_thread(self.worker.stop)
