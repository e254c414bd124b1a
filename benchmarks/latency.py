"""Time from produce to anomaly, under a steady rate of records."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from confluent_kafka import Producer

from benchmarks.catalogue import Pace, System
from benchmarks.errors import BenchmarkError
from benchmarks.observer import Observer
from benchmarks.processes import cpu_seconds
from benchmarks.quantiles import LITTLE, RATES, Quantile, quantile
from benchmarks.records import entity
from benchmarks.throughput import LOOK, PATIENCE, observed
from benchmarks.topics import QUIET, create_topics, delete_topics
from benchmarks.wiring import Wiring

GRACE = 3.0
"""Seconds, after the last record of a rate, that its anomalies may still take."""

LONGER = 3
"""Times as long, at most, that a low rate lasts."""

STEP = 0.002
"""Seconds between two bursts of sends: the broker's work is by the request, not the record."""


@dataclass(frozen=True)
class Traffic:
    """What is sent while latencies are measured.

    Parameters
    ----------
    values
        Records; their ids are their positions.
    expected
        Ids of those that are anomalies.
    warm_up
        Records, from the first, that are sent at once before the rates begin.
    seconds
        How long each rate lasts.
    """

    values: Sequence[bytes]
    expected: Collection[int]
    warm_up: int
    seconds: float


class Paced(NamedTuple):
    """What a steady rate of records showed."""

    quantiles: Mapping[float, Quantile]
    """The quantiles 0.5 and 0.99 of the time from produce to anomaly."""
    cpu_share: float
    """Percent of a core, user and system, of all the system's processes."""


def rates_of(system: System) -> Sequence[int]:
    """Give the rates at which a system is measured, in events per second."""
    return sorted({*RATES, *LITTLE}) if system.pace is Pace.FAST else RATES


def records_at(rate: int, seconds: float) -> int:
    """Give the records of a rate: a low one lasts longer, so that it has anomalies, too."""
    return int(max(rate, min(rate * LONGER, RATES[0])) * seconds)


def records_needed(warm_up: int, seconds: float) -> int:
    """Give the number of records that the warm-up and all rates send."""
    return warm_up + sum(records_at(rate, seconds) for rate in {*RATES, *LITTLE})


def measure_latency(system: System, wiring: Wiring, traffic: Traffic) -> dict[int, Paced]:
    """Send records at each of its rates to a system that is warm.

    Raises
    ------
    BenchmarkError
        The system ended, or did not get through the warm-up.
    """
    topic = f"{wiring.group}-paced"
    create_topics(wiring.servers, [topic], partitions=wiring.partitions)
    sender = Sender(wiring.servers, topic, wiring.partitions, traffic)
    try:
        with observed(system, replace(wiring, topic=topic)) as (processes, observer):
            sender.send(range(traffic.warm_up))
            deadline = time.monotonic() + PATIENCE
            while not observer.has_seen(sender.sent):
                if observer.look(LOOK) is None:
                    for started in processes:
                        started.check()
                if time.monotonic() > deadline:
                    raise BenchmarkError(
                        f"{system.name} did not score {traffic.warm_up} records in "
                        f"{PATIENCE:.0f} s; see {processes[0].log}"
                    )
            found, first = {}, traffic.warm_up
            pids = [started.process.pid for started in processes]
            for rate in rates_of(system):
                numbers = range(first, first + records_at(rate, traffic.seconds))
                found[rate] = _paced(sender, observer, numbers, rate, pids)
                first = numbers.stop
            for started in processes:
                started.check()
            return found
    finally:
        delete_topics(wiring.servers, [topic])


def _paced(
    sender: "Sender", observer: Observer, numbers: range, rate: int, pids: Sequence[int]
) -> Paced:
    begin, index, cpu = time.monotonic(), 0, cpu_seconds(pids)
    while index < len(numbers):
        due = min(int((time.monotonic() - begin) * rate) + 1, len(numbers))
        sender.send(numbers[index:due])
        index = due
        observer.look(STEP)
    cpu_share = 100.0 * (cpu_seconds(pids) - cpu) / (time.monotonic() - begin)
    expected = [number for number in numbers if number in sender.sent]
    deadline = time.monotonic() + GRACE
    while not observer.has_seen(expected) and time.monotonic() < deadline:
        observer.look(LOOK)
    now = time.monotonic()
    arrived, waiting = [], []
    for number in expected:
        if number in observer.arrived:
            arrived.append(observer.arrived[number] - sender.sent[number])
        else:
            waiting.append(now - sender.sent[number])
    return Paced({share: quantile(arrived, waiting, share) for share in (0.5, 0.99)}, cpu_share)


class Sender:
    """Sends records of the traffic, and remembers when those that are anomalies were sent."""

    def __init__(self, servers: str, topic: str, partitions: int, traffic: Traffic) -> None:
        self.sent: dict[int, float] = {}
        """Clock (`time.monotonic`) at which each anomaly's record was sent."""
        self._topic = topic
        self._partitions = partitions
        self._traffic = traffic
        self._producer = Producer(
            {"bootstrap.servers": servers, "linger.ms": 0, "acks": 1, **QUIET}
        )

    def send(self, numbers: range) -> None:
        """Send the records with these ids now."""
        for number in numbers:
            if number in self._traffic.expected:
                self.sent[number] = time.monotonic()
            self._producer.produce(
                self._topic,
                self._traffic.values[number],
                entity(number).encode(),
                number % self._partitions,
            )
        self._producer.poll(0)
