"""The systems that are compared, and how each is started."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from anomaly_app.demo.broker import free_port
from anomaly_app.demo.processes import start_process
from benchmarks.errors import BenchmarkError

QUIET = dict.fromkeys(("SLACK_API_TOKEN", "SLACK_API_TOKEN_FILE", "SLACK_CHANNEL"), "")
"""No benchmark posts to Slack, whatever the environment holds."""

STOP_TIMEOUT = 3.0
"""Seconds between asking a process to stop and ending it: one that is behind would go on."""


class Pace(Enum):
    """How many records a system is given, so that each is measured for some seconds."""

    SLOW = "slow"
    """About a hundred a second."""
    MEDIUM = "medium"
    """Some thousands a second."""
    FAST = "fast"


@dataclass(frozen=True)
class Wiring:
    """What one start of a system reads and writes.

    Parameters
    ----------
    servers
        Of the broker, ``host:port``.
    topic, anomalies
        Where records come from, and where anomalies go.
    group
        Consumer group, new for every start.
    partitions
        Of both topics.
    model, forest
        The app's artifact, and the bare forest for the peers.
    faust
        Faust's command line, in the app's environment.
    folder
        For logs.
    embedded
        Whether the broker is the embedded one.
    """

    servers: str
    topic: str
    anomalies: str
    group: str
    partitions: int
    model: Path
    forest: Path
    faust: Path
    folder: Path
    embedded: bool

    @property
    def dead_letters(self) -> str:
        """Topic of what the app cannot score: nothing, here."""
        return f"{self.anomalies}-dlq"

    @property
    def peer_environment(self) -> dict[str, str]:
        """Settings of a peer."""
        return {
            "BENCH_BROKER": self.servers,
            "BENCH_TOPIC": self.topic,
            "BENCH_ANOMALIES": self.anomalies,
            "BENCH_GROUP": self.group,
            "BENCH_PARTITIONS": str(self.partitions),
            "BENCH_FOREST": str(self.forest),
        }

    @property
    def app_environment(self) -> dict[str, str]:
        """Settings of the app's worker: the defaults, but for what names the surroundings."""
        # The embedded broker lets a group's first member wait for half of a session's timeout.
        embedded = {"ANOMALY_SESSION_TIMEOUT": "6", "ANOMALY_FETCH_WAIT": "0.02"}
        return {
            "ANOMALY_BROKER": f"kafka://{self.servers}",
            "ANOMALY_GROUP": self.group,
            "ANOMALY_TRANSACTIONS_TOPIC": self.topic,
            "ANOMALY_ANOMALIES_TOPIC": self.anomalies,
            "ANOMALY_DEAD_LETTERS_TOPIC": self.dead_letters,
            "ANOMALY_PARTITIONS": str(self.partitions),
            "ANOMALY_MODEL": str(self.model),
            **(embedded if self.embedded else {}),
            **QUIET,
        }


@dataclass(frozen=True)
class System:
    """One way of doing the task.

    Parameters
    ----------
    name
        In tables.
    pace
        Which topic it is given.
    module
        Of `benchmarks.systems`; None is the app itself.
    faust
        Whether the module is started by Faust's command line, rather than by Python.
    workers
        Processes that share the partitions.
    """

    name: str
    pace: Pace
    module: str | None = None
    faust: bool = False
    workers: int = 1

    def start(self, wiring: Wiring) -> list["Started"]:
        """Start its processes."""
        environment = wiring.app_environment if self.module is None else wiring.peer_environment
        started = []
        for number in range(self.workers):
            name = f"{wiring.group}-{number}"
            log = wiring.folder / f"{name}.log"
            command = self._command(wiring, wiring.folder / f"{name}-data")
            process = start_process(command, log=log, env=environment)
            started.append(Started(self.name, process, log))
        return started

    def _command(self, wiring: Wiring, data: Path) -> Sequence[str]:
        if self.module is None:
            # README's command, as demo/workers.py starts it.
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
        Of the system.
    process
        The process.
    log
        File with its output.
    """

    name: str
    process: "Popen[bytes]"
    log: Path

    def check(self) -> None:
        """Check that it runs.

        Raises
        ------
        BenchmarkError
            It ended.
        """
        if self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines()
            said = lines[-1] if lines else "it said nothing"
            raise BenchmarkError(f"{self.name} ended: {said} (all of it: {self.log})")


@contextmanager
def running(system: System, wiring: Wiring) -> Iterator[list[Started]]:
    """Run a system's processes, and end them with the block."""
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
        TWO_WORKERS,
    )
}
"""In the order of the tables."""
