"""Whole workers with and without memory, and peers with the same features, in rounds."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from benchmarks.catalogue import Pace, System
from benchmarks.entity_memory.goals import P99, QUIX, RATE, TABLE, WITH, WITHOUT
from benchmarks.entity_memory.measurement import Measurement
from benchmarks.entity_memory.models import Models
from benchmarks.entity_memory.payments import LARGE, Payments
from benchmarks.entity_memory.plan import LATENCY, PEERS, WORKER
from benchmarks.latency import Traffic, measure_latency, records_at
from benchmarks.plan import PARTITIONS, WARM_UP
from benchmarks.records import blocks, marks
from benchmarks.results import ANOMALIES, CPU, EVENTS, MEMORY
from benchmarks.throughput import Load, measure_throughput
from benchmarks.topics import fill
from benchmarks.wiring import Wiring

MARKED = 167
"""One in so many payments is an anomaly: 0.6%, as in ``make bench``."""


def apps(models: Models) -> list[System]:
    """Return the worker without and with the memory of the preset."""
    return [
        System(name, Pace.FAST, settings={"ANOMALY_MODEL": str(model)})
        for name, model in ((WITHOUT, models.without), (WITH, models.preset))
    ]


PEER_SETTINGS = {"BENCH_LARGE": str(LARGE)}
PEER_SYSTEMS = (
    System(QUIX, Pace.FAST, "quix_state", settings=PEER_SETTINGS),
    System(TABLE, Pace.MEDIUM, "faust_table", faust=True, settings=PEER_SETTINGS),
)


@dataclass
class Rounds(Measurement):
    """The parts that compare whole processes."""

    def __post_init__(self) -> None:
        self._loads: dict[Pace, Load] = {}
        self._traffic: Traffic | None = None

    def prepare(self) -> None:
        """Fill the topics."""
        plan = self.plan
        # The peers are compared with the app, and one of them reads the same payments.
        if plan.parts & {WORKER, PEERS}:
            self._loads[Pace.FAST] = self._fill("cards", plan.events, plan.cards)
        if PEERS in plan.parts:
            self._loads[Pace.MEDIUM] = self._fill("few-cards", plan.few_events, plan.few_cards)
        if LATENCY in plan.parts:
            self._traffic = self._payments_at_a_rate()

    def steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Return what to do in each round, and its description."""
        both = apps(self.models)
        filled = [*both, *PEER_SYSTEMS] if PEERS in self.plan.parts else both
        for system in filled:
            if load := self._loads.get(system.pace):
                yield system.name, lambda s=system, load=load: self._throughput(s, load)  # type: ignore[misc]
        if traffic := self._traffic:
            for system in both:
                yield f"{system.name}, latency", lambda s=system: self._latency(s, traffic)  # type: ignore[misc]

    def _throughput(self, system: System, load: Load) -> None:
        found = measure_throughput(system, self._named(system), load)
        self.results.add(system.name, EVENTS, found.events_per_second)
        self.results.add(system.name, CPU, found.cpu_per_event)
        self.results.add(system.name, MEMORY, found.peak_memory)
        self.results.add(system.name, ANOMALIES, len(found.found))
        self.screen.say(
            f"{system.name}: {found.events_per_second:,.0f} events/s, "
            f"{found.cpu_per_event:,.1f} µs of CPU per event, {found.peak_memory:,.0f} MB, "
            f"{len(found.found):,} anomalies"
        )

    def _latency(self, system: System, traffic: Traffic) -> None:
        paced = measure_latency(system, self._named(system), traffic, [RATE])[RATE]
        found = paced.quantiles[0.99]
        self.results.add(system.name, P99, found.milliseconds, at_least=found.at_least)
        self.screen.say(
            f"{system.name}: {P99}: {found.milliseconds:,.1f} "
            f"(p50 {paced.quantiles[0.5].milliseconds:,.1f}, {paced.cpu_share:.0f}% of a core)"
        )

    def _payments_at_a_rate(self) -> Traffic:
        plan = self.plan
        count = plan.paced_cards + records_at(RATE, plan.seconds)
        marked = set(range(0, count, MARKED))
        payments = Payments(plan.paced_cards)
        records = [each for block in blocks(count, marked=marked) for each in payments(block)]
        return Traffic(records, marked, plan.paced_cards, plan.seconds)

    def _fill(self, name: str, count: int, cards: int) -> Load:
        topic, warm_up = f"{self.wiring.group}-{name}", int(count * WARM_UP)
        marked = marks(count, PARTITIONS, warm_up=warm_up) | set(range(0, count, MARKED))
        fill(
            self.wiring.servers,
            topic,
            count,
            partitions=PARTITIONS,
            marked=marked,
            advance=self.screen.bar(f"filling {topic}", count),
            stream=Payments(cards),
        )
        return Load(topic, count, warm_up, frozenset(marked))

    def _named(self, system: System) -> Wiring:
        slug = "-".join(system.name.lower().split())
        return replace(self.wiring, group=f"{self.wiring.group}-{slug}-{secrets.token_hex(2)}")
