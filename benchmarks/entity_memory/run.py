"""Measure the parts of a plan, one after the other; rounds are interleaved."""

import secrets
from pathlib import Path

from rich.progress import Progress

from benchmarks.broker import Broker
from benchmarks.entity_memory import goals
from benchmarks.entity_memory.kernel import Kernel
from benchmarks.entity_memory.log import Log
from benchmarks.entity_memory.models import make_models
from benchmarks.entity_memory.plan import BYTES, KERNEL, LATENCY, LOG, PEERS, WORKER, Plan
from benchmarks.entity_memory.resident import measure_resident
from benchmarks.entity_memory.screen import Screen
from benchmarks.entity_memory.workers import Rounds
from benchmarks.plan import PARTITIONS
from benchmarks.results import Results
from benchmarks.topics import delete_topics_of
from benchmarks.wiring import Wiring


class MemoryBenchmark:
    """A running benchmark of the memory of entities.

    Parameters
    ----------
    plan
        What to measure.
    faust
        Faust executable in the environment of the app.
    folder
        Folder for models and logs.
    progress
        Progress bar.
    """

    def __init__(self, plan: Plan, faust: Path, folder: Path, progress: Progress) -> None:
        self.results = Results()
        self._plan = plan
        self._faust = faust
        self._folder = folder
        self._screen = Screen(progress)

    def run_here(self) -> None:
        """Measure what needs no broker.

        Raises
        ------
        BenchmarkError
            A process failed.
        """
        if KERNEL in self._plan.parts:
            kernel = Kernel(self._plan.active)
            self._screen.rounds([("kernel", lambda: self._time(kernel))], self._plan.runs)
            self.results.add(*goals.PUBLISHED, kernel.published_bytes())
        if BYTES in self._plan.parts:
            self._screen.rounds([("resident memory", self._measure_resident)], 1)

    def run_on(self, broker: Broker) -> None:
        """Measure what needs a broker.

        Raises
        ------
        BenchmarkError
            A process ended or stalled.
        """
        name = f"bench-{secrets.token_hex(3)}"
        self._screen.say("fitting the models")
        models = make_models(self._folder / "models", capacity=self._plan.capacity)
        wiring = Wiring(
            servers=broker.servers,
            topic="",
            anomalies="",
            group=name,
            partitions=PARTITIONS,
            model=models.without,
            forest=models.without,
            faust=self._faust,
            folder=self._folder,
            embedded=broker.embedded,
        )
        try:
            if self._plan.parts & {WORKER, PEERS, LATENCY}:
                rounds = Rounds(self._plan, models, wiring, self.results, self._screen)
                rounds.prepare()
                self._screen.rounds([*rounds.steps()], self._plan.runs)
            if LOG in self._plan.parts:
                log = Log(self._plan, models, wiring, self.results, self._screen)
                self._screen.rounds([("the log and restores", log.measure)], 1)
        finally:
            delete_topics_of(broker.servers, name)

    def _time(self, kernel: Kernel) -> None:
        microseconds = kernel.microseconds(self._plan.kernel_events)
        self.results.add(*goals.KERNEL, microseconds)
        self._screen.say(f"kernel: {microseconds:.2f} µs an event and key")

    def _measure_resident(self) -> None:
        found = measure_resident(self._plan.resident, self._plan.offered)
        self.results.add(*goals.RECORD, found.record_bytes)
        self.results.add(*goals.BYTES, found.bytes_per_entity)
        self.results.add(*goals.FULL, found.full)
        self.results.add(*goals.FLOODED, found.flooded)
        self._screen.say(
            f"{found.bytes_per_entity:.1f} B an entity, all in; {found.full:,.1f} MB when full, "
            f"{found.flooded:,.1f} MB after all keys"
        )
