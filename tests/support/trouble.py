"""Trouble for workers and their broker, counted by what came of it."""

import re
import signal
from dataclasses import dataclass
from pathlib import Path

from harness.apache_kafka import ApacheKafka
from harness.workers import Worker
from tests.support.supervisor import Supervisor
from tests.support.waiting import elapse, eventually

JOINED = re.compile(r"Joined group .* \(generation (\d+)\)")
"""What the client says when the group has been made anew."""

SESSION = 6.0
"""Seconds of a worker's session; see `Kafka.environment`."""

PATIENCE = 240.0
"""Seconds that a group may take to notice something on a busy machine."""


def generations(folder: Path) -> set[int]:
    """Return the generations of a group, as far as workers that logged here have joined them."""
    return {number for log in folder.glob("worker-*.log") for number in _joined(log)}


def _joined(log: Path) -> set[int]:
    return {int(found) for found in JOINED.findall(log.read_text(errors="replace"))}


@dataclass
class Trouble:
    """Kills, freezes, adds and removes workers, and kills their broker.

    Parameters
    ----------
    supervisor
        Has the workers.
    folder
        Where they log.
    """

    supervisor: Supervisor
    folder: Path
    freezes: int = 0
    """How often a worker was frozen for so long that the others went on without it."""
    broker_kills: int = 0

    @property
    def kills(self) -> int:
        """How many workers were killed."""
        return self.supervisor.exits[-signal.SIGKILL]

    @property
    def rebalances(self) -> int:
        """How often the group was made anew."""
        return len(generations(self.folder))

    async def kill(self, number: int) -> None:
        """Kill a worker, which is replaced, and return when it has been noticed."""
        before = self.kills
        self.supervisor.end(number % len(self.supervisor.workers), signal.SIGKILL)
        await eventually(lambda: self.kills, lambda kills: kills > before)

    async def come_and_go(self) -> None:
        """Let one more worker join the group, and leave it."""
        worker = self.supervisor.start()
        await eventually(lambda: _joined(worker.log), bool, patience=PATIENCE)
        before = self._newest
        await self.supervisor.remove(worker)
        await self._rebalanced(before)

    async def freeze(self, worker: Worker | None = None) -> None:
        """Stop a worker until the others have gone on without it, and let it go on."""
        frozen = worker or self.supervisor.workers[0]
        before = self._newest
        frozen.process.send_signal(signal.SIGSTOP)
        try:
            await elapse(SESSION)
            await self._rebalanced(before)
            self.freezes += 1
            await elapse(4.0)
        finally:
            frozen.process.send_signal(signal.SIGCONT)

    async def kill_broker(self, apache: ApacheKafka) -> None:
        """Kill the broker, and start it again after a while."""
        apache.kill()
        self.broker_kills += 1
        await elapse(3.0)
        await apache.restart()

    @property
    def _newest(self) -> int:
        return max(generations(self.folder))

    async def _rebalanced(self, before: int) -> None:
        await eventually(
            lambda: self._newest, lambda generation: generation > before, patience=PATIENCE
        )

    def __str__(self) -> str:
        return (
            f"{self.kills} workers killed, {self.rebalances} rebalances, {self.freezes} freezes "
            f"beyond the session timeout, {self.broker_kills} brokers killed"
        )
