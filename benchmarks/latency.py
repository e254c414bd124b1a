"""Measure the time from produce to anomaly at steady rates."""

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
from benchmarks.throughput import LOOK, PATIENCE, observed
from benchmarks.topics import QUIET, create_topics, delete_topics
from benchmarks.wiring import Wiring

GRACE = 3.0
"""Seconds to wait for anomalies after the last record of a rate."""

LONGER = 3
"""Maximum factor by which a low rate lasts longer."""

STEP = 0.002
"""Seconds between bursts of records; brokers work per request, not per record."""


@dataclass(frozen=True)
class Traffic:
    """The records to send while latencies are measured.

    Parameters
    ----------
    records
        Keys and values; their ids are their positions.
    expected
        Ids of the anomalies.
    warm_up
        Number of first records, which are sent at once before the rates.
    seconds
        Duration of each rate.
    """

    records: Sequence[tuple[bytes, bytes]]
    expected: Collection[int]
    warm_up: int
    seconds: float


class Paced(NamedTuple):
    """Measurements at a steady rate."""

    quantiles: Mapping[float, Quantile]
    """Median and 99th percentile of the time from produce to anomaly."""
    cpu_share: float
    """CPU usage of all processes in percent of a core, user and system."""


def rates_of(system: System) -> Sequence[int]:
    """Return the rates to measure a system at, in events per second."""
    return sorted({*RATES, *LITTLE}) if system.pace is Pace.FAST else RATES


def records_at(rate: int, seconds: float) -> int:
    """Return the number of records at a rate; low rates last longer to have anomalies."""
    return int(max(rate, min(rate * LONGER, RATES[0])) * seconds)


def records_needed(warm_up: int, seconds: float) -> int:
    """Return the number of records for the warm-up and all rates."""
    return warm_up + sum(records_at(rate, seconds) for rate in {*RATES, *LITTLE})


def measure_latency(
    system: System, wiring: Wiring, traffic: Traffic, rates: Sequence[int] = ()
) -> dict[int, Paced]:
    """Measure a warm system at each of these rates, or of its own.

    Raises
    ------
    BenchmarkError
        The system ended, or did not finish the warm-up.
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
            for rate in rates or rates_of(system):
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
    """Sends the records, and remembers when the anomalies were sent."""

    def __init__(self, servers: str, topic: str, partitions: int, traffic: Traffic) -> None:
        self.sent: dict[int, float] = {}
        """Time (`time.monotonic`) at which each anomaly was sent."""
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
            key, value = self._traffic.records[number]
            self._producer.produce(self._topic, value, key, number % self._partitions)
        self._producer.poll(0)
