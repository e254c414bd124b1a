"""The systems to compare, and how to start them."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from benchmarks.errors import BenchmarkError
from benchmarks.wiring import Wiring
from harness.broker import free_port
from harness.processes import start_process

STOP_TIMEOUT = 3.0
"""Seconds from SIGTERM to SIGKILL; a process with a backlog would continue."""


class Pace(Enum):
    """Speed of a system, which sets its number of records so that each run takes some seconds."""

    SLOW = "slow"
    """About a hundred records per second."""
    MEDIUM = "medium"
    """Some thousands of records per second."""
    FAST = "fast"


@dataclass(frozen=True)
class System:
    """A system to compare.

    Parameters
    ----------
    name
        Name in tables.
    pace
        Its speed, which selects its topic.
    module
        Module in `benchmarks.systems`; None: the app itself.
    faust
        Whether the module runs with Faust's command line instead of Python.
    workers
        Number of processes that share the partitions.
    settings
        Settings of the app that differ from the defaults.
    checkout
        Checkout with the code of the app; None: this one.
    paced
        Whether it is only measured at steady rates.
    """

    name: str
    pace: Pace
    module: str | None = None
    faust: bool = False
    workers: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    checkout: Path | None = None
    paced: bool = False

    def start(self, wiring: Wiring) -> list["Started"]:
        """Start its processes."""
        environment = dict(wiring.peer_environment if self.module else wiring.app_environment)
        environment |= self.settings
        started = []
        for number in range(self.workers):
            name = f"{wiring.group}-{number}"
            log = wiring.folder / f"{name}.log"
            command = self._command(wiring, wiring.folder / f"{name}-data")
            process = start_process(command, log=log, env=environment, cwd=self.checkout)
            started.append(Started(self.name, process, log))
        return started

    def _command(self, wiring: Wiring, data: Path) -> Sequence[str]:
        if self.module is None:
            # README's command, as harness/workers.py starts it.
            worker = ["worker", "-l", "info", "--web-port", str(free_port())]
            return [str(wiring.faust), "-A", "anomaly_app.app", "--datadir", str(data), *worker]
        program = f"benchmarks.systems.{self.module}"
        if self.faust:
            worker = ["worker", "--without-web"]
            return [str(wiring.faust), "-A", program, "--datadir", str(data), *worker]
        return [sys.executable, "-m", program]


@dataclass(frozen=True)
class Started:
    """A running process of a system.

    Parameters
    ----------
    name
        Name of the system.
    process
        The process.
    log
        Log file.
    """

    name: str
    process: "Popen[bytes]"
    log: Path

    def check(self) -> None:
        """Check that the process is running.

        Raises
        ------
        BenchmarkError
            It has ended.
        """
        if self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines()
            said = lines[-1] if lines else "no output"
            raise BenchmarkError(f"{self.name} ended: {said} (full log: {self.log})")


@contextmanager
def running(system: System, wiring: Wiring) -> Iterator[list[Started]]:
    """Run the processes of a system for the block."""
    started: list[Started] = []
    try:
        started += system.start(wiring)
        yield started
    finally:
        for each in started:
            each.process.terminate()
        for each in started:
            with suppress(TimeoutExpired):
                each.process.wait(STOP_TIMEOUT)
            each.process.kill()
            each.process.wait()


APP = System("app", Pace.FAST)
PROMPT = System("app, 1 ms", Pace.FAST, settings={"ANOMALY_LINGER_MS": "1"}, paced=True)
TWO_WORKERS = System("app, two workers", Pace.FAST, workers=2)
FLOOR = System("floor", Pace.FAST, "floor")

SYSTEMS: Mapping[str, System] = {
    system.name: system
    for system in (
        System("tutorial", Pace.SLOW, "tutorial"),
        System("Faust agent", Pace.SLOW, "faust_agent", faust=True),
        System("Faust take", Pace.MEDIUM, "faust_take", faust=True),
        System("Quix Streams", Pace.SLOW, "quix"),
        FLOOR,
        APP,
        PROMPT,
        TWO_WORKERS,
    )
}
"""All systems, in the order of the tables."""


def app_before(checkout: Path) -> System:
    """Return the app of another checkout as a system."""
    return System("app before", Pace.FAST, checkout=checkout)
