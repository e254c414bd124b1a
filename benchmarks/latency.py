"""Time from produce to anomaly, under a steady rate of records."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from confluent_kafka import Producer

from benchmarks.catalogue import System, Wiring
from benchmarks.errors import BenchmarkError
from benchmarks.observer import Observer
from benchmarks.quantiles import RATES, Quantile, quantile
from benchmarks.records import entity
from benchmarks.throughput import LOOK, PATIENCE, observed
from benchmarks.topics import QUIET, create_topics, delete_topics

GRACE = 3.0
"""Seconds, after the last record of a rate, that its anomalies may still take."""

STEP = 0.002
"""Seconds between two bursts of sends: the broker's work is by the request, not the record."""


@dataclass(frozen=True)
class Traffic:
    """What is sent while latencies are measured.

    Parameters
    ----------
    values
        Records; their ids are their places.
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


def records_needed(warm_up: int, seconds: float) -> int:
    """Give the number of records that the warm-up and all rates send."""
    return warm_up + sum(int(rate * seconds) for rate in RATES)


def measure_latency(
    system: System, wiring: Wiring, traffic: Traffic
) -> dict[int, Mapping[float, Quantile]]:
    """Send records at each of `RATES` to a system that is warm.

    Returns
    -------
    dict
        For each rate, the quantiles 0.5 and 0.99.

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
            for rate in RATES:
                numbers = range(first, first + int(rate * traffic.seconds))
                found[rate] = _latencies(sender, observer, numbers, rate)
                first = numbers.stop
            for started in processes:
                started.check()
            return found
    finally:
        delete_topics(wiring.servers, [topic])


def _latencies(
    sender: "Sender", observer: Observer, numbers: range, rate: int
) -> Mapping[float, Quantile]:
    begin, place = time.monotonic(), 0
    while place < len(numbers):
        due = min(int((time.monotonic() - begin) * rate) + 1, len(numbers))
        sender.send(numbers[place:due])
        place = due
        observer.look(STEP)
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
    return {share: quantile(arrived, waiting, share) for share in (0.5, 0.99)}


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
