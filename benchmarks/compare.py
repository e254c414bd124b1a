"""Compare all systems on one broker, in interleaved runs."""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import Progress

from benchmarks.broker import Broker
from benchmarks.catalogue import APP, FLOOR, Pace, System
from benchmarks.errors import BenchmarkError
from benchmarks.latency import Traffic, measure_latency, records_needed
from benchmarks.memory import measure_memory
from benchmarks.model import BenchModel
from benchmarks.plan import PARTITIONS, WARM_UP, Plan
from benchmarks.records import blocks, marks, transactions
from benchmarks.results import (
    ANOMALIES,
    APP_CALL,
    CPU,
    DIFFERENCE,
    EARLY_MEMORY,
    EVENTS,
    LATE_MEMORY,
    MEMORY,
    SCORING,
    SKLEARN_CALL,
    Results,
    latency_figure,
    share_figure,
)
from benchmarks.scoring_call import measure_scoring_call
from benchmarks.throughput import Load, measure_throughput
from benchmarks.topics import delete_topics, fill
from benchmarks.wiring import Wiring

SCORED_ROWS = 5_000
"""Number of rows to compare the scoring calls on."""


class Comparison:
    """A running benchmark.

    Parameters
    ----------
    plan, broker, model
        What to measure, on which broker, with which model.
    faust
        Faust executable in the environment of the app.
    folder
        Folder for logs.
    progress
        Progress bar.
    """

    def __init__(
        self,
        plan: Plan,
        broker: Broker,
        model: BenchModel,
        faust: Path,
        folder: Path,
        progress: Progress,
    ) -> None:
        self.results = Results()
        self._plan = plan
        self._model = model
        self._progress = progress
        self._name = f"bench-{secrets.token_hex(3)}"
        self._wiring = Wiring(
            servers=broker.servers,
            topic="",
            anomalies="",
            group=self._name,
            partitions=PARTITIONS,
            model=model.folder,
            forest=model.forest_file,
            faust=faust,
            folder=folder,
            embedded=broker.embedded,
        )
        self._marked: set[int] = set()
        for count in plan.counts.values():
            self._marked |= marks(count, PARTITIONS, warm_up=int(count * WARM_UP))

    @property
    def compared(self) -> int:
        """Number of records on whose anomalies all systems must agree."""
        return min(self._plan.counts[system.pace] for system in self._plan.systems)

    def run(self) -> None:
        """Measure everything.

        Raises
        ------
        BenchmarkError
            A system ended or stalled, or did not find the expected anomalies.
        """
        traffic, expected = self._prepare()
        loads = self._fill(expected)
        try:
            self._rounds(loads, traffic)
            self._scoring_call()
            if self._plan.memory_events and APP in self._plan.systems:
                self._memory()
        finally:
            delete_topics(self._wiring.servers, [load.topic for load in loads.values()])

    def _rounds(self, loads: Mapping[Pace, Load], traffic: Traffic) -> None:
        if self._plan.seconds:
            # For half a minute after its start, a broker is ten times as slow.
            self._progress.console.print("warming up the broker")
            measure_latency(FLOOR, self._named(FLOOR), traffic)
        latencies = [s for s in self._plan.systems if s.workers == 1 and self._plan.seconds]
        filled = [s for s in self._plan.systems if not s.paced]
        steps = self._plan.runs * (len(filled) + len(latencies))
        task = self._progress.add_task("", total=steps)
        for run in range(1, self._plan.runs + 1):
            of = f"run {run} of {self._plan.runs}"
            for system in self._plan.systems:
                if system in filled:
                    self._progress.update(task, description=f"{of}: {system.name}, throughput")
                    self._throughput(system, loads[system.pace], of)
                    self._progress.advance(task)
                if system in latencies:
                    self._progress.update(task, description=f"{of}: {system.name}, latency")
                    self._latency(system, traffic, of)
                    self._progress.advance(task)

    def _prepare(self) -> tuple[Traffic, frozenset[int]]:
        """Find the anomalies with scikit-learn, and keep the records to send later."""
        warm_up = int(self._plan.counts[Pace.SLOW] * WARM_UP)
        needed = records_needed(warm_up, self._plan.seconds)
        kept: list[tuple[bytes, bytes]] = []
        expected: set[int] = set()
        count = max(*self._plan.counts.values(), needed)
        advance = self._bar("finding the anomalies offline", count)
        for block in blocks(count, marked=self._marked):
            advance(len(block.matrix))
            if len(kept) < needed:
                kept += transactions(block)
            anomalous = np.flatnonzero(self._model.forest.predict(block.matrix) == -1)
            expected.update((anomalous + block.first).tolist())
        if missing := self._marked - expected:
            raise BenchmarkError(f"the forest misses {len(missing)} injected anomalies")
        return Traffic(kept, expected, warm_up, self._plan.seconds), frozenset(expected)

    def _fill(self, expected: Collection[int]) -> dict[Pace, Load]:
        loads = {}
        for pace in {system.pace for system in self._plan.systems}:
            count, topic = self._plan.counts[pace], f"{self._name}-{pace.value}"
            advance = self._bar(f"filling {topic}", count)
            fill(
                self._wiring.servers,
                topic,
                count,
                partitions=PARTITIONS,
                marked=self._marked,
                advance=advance,
            )
            anomalies = frozenset(number for number in expected if number < count)
            loads[pace] = Load(topic, count, int(count * WARM_UP), anomalies)
        return loads

    def _throughput(self, system: System, load: Load, of: str) -> None:
        found = measure_throughput(system, self._named(system), load)
        self.results.add(system.name, EVENTS, found.events_per_second)
        self.results.add(system.name, CPU, found.cpu_per_event)
        self.results.add(system.name, MEMORY, found.peak_memory)
        self._say(
            f"{of}: {system.name}: {found.events_per_second:,.0f} events/s, "
            f"{found.cpu_per_event:,.1f} µs of CPU per event, {found.peak_memory:,.0f} MB"
        )
        common = sum(number < self.compared for number in found.found)
        self.results.add(system.name, ANOMALIES, common)
        missing, extra = set(load.expected) - found.found, found.found - set(load.expected)
        if missing or extra:
            raise BenchmarkError(
                f"{of}: {system.name} missed {len(missing)} of {len(load.expected)} anomalies, "
                f"and reported {len(extra)} ordinary records"
            )

    def _latency(self, system: System, traffic: Traffic, of: str) -> None:
        for rate, paced in measure_latency(system, self._named(system), traffic).items():
            self._say(f"{of}: {system.name}: {share_figure(rate)}: {paced.cpu_share:,.1f}")
            self.results.add(system.name, share_figure(rate), paced.cpu_share)
            for share, found in paced.quantiles.items():
                figure = latency_figure(share, rate)
                bound = "≥ " if found.at_least else ""
                self._say(f"{of}: {system.name}: {figure}: {bound}{found.milliseconds:,.1f}")
                self.results.add(system.name, figure, found.milliseconds, at_least=found.at_least)

    def _scoring_call(self) -> None:
        rows = next(blocks(SCORED_ROWS)).matrix
        call = measure_scoring_call(self._model.forest, rows)
        self.results.add(SCORING, SKLEARN_CALL, call.sklearn_us)
        self.results.add(SCORING, APP_CALL, call.app_us)
        self.results.add(SCORING, DIFFERENCE, call.difference)

    def _memory(self) -> None:
        count = self._plan.memory_events
        advance = self._bar("memory: filling the long topic, then running the app", count)
        early, late = measure_memory(self._named(APP), count, advance=advance)
        self.results.add(APP.name, EARLY_MEMORY, early)
        self.results.add(APP.name, LATE_MEMORY, late)

    def _named(self, system: System) -> Wiring:
        slug = "-".join(system.name.replace(",", "").lower().split())
        return replace(self._wiring, group=f"{self._name}-{slug}-{secrets.token_hex(2)}")

    def _bar(self, description: str, total: int) -> Callable[[int], None]:
        task = self._progress.add_task(description, total=total)
        return lambda count: self._progress.advance(task, count)

    def _say(self, line: str) -> None:
        self._progress.console.print(f"[dim]{line}[/]", highlight=False)
