"""Measure events per second, CPU and memory on a topic filled before the system starts."""

import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from benchmarks.catalogue import Started, System, running
from benchmarks.errors import BenchmarkError
from benchmarks.observer import Observer
from benchmarks.processes import cpu_seconds, memory
from benchmarks.topics import create_topics, delete_topics
from benchmarks.wiring import Wiring

LOOK = 0.05
"""Maximum seconds to wait for an anomaly at a time."""

GRACE = 3.0
"""Seconds to wait for anomalies after the last record."""

PATIENCE = 90.0
"""Maximum seconds without an anomaly, as during the start or a rebalance."""


@dataclass(frozen=True)
class Load:
    """A filled topic.

    Parameters
    ----------
    topic
        Its name.
    count
        Number of records.
    warm_up
        Number of first records, which are not measured.
    expected
        Ids of the records that are anomalies.
    """

    topic: str
    count: int
    warm_up: int
    expected: Collection[int]


@dataclass(frozen=True)
class Throughput:
    """Measurements of one run over a topic.

    Parameters
    ----------
    events_per_second
        After the warm-up.
    cpu_per_event
        Microseconds of CPU time of all processes, user and system.
    peak_memory
        Total peak memory of all processes, in MB.
    found
        Ids of the records that the system reported as anomalies.
    """

    events_per_second: float
    cpu_per_event: float
    peak_memory: float
    found: frozenset[int]


@contextmanager
def observed(system: System, wiring: Wiring) -> Iterator[tuple[list[Started], Observer]]:
    """Run a system with its own topics and group, and an observer of its anomalies."""
    name = f"{wiring.group}-{secrets.token_hex(3)}"
    own = replace(wiring, group=name, anomalies=f"{name}-anomalies")
    made = [own.anomalies, own.dead_letters]
    create_topics(own.servers, made, partitions=own.partitions)
    observer = Observer(own.servers, own.anomalies, partitions=own.partitions)
    try:
        with running(system, own) as processes:
            yield processes, observer
    finally:
        observer.close()
        delete_topics(own.servers, made)


def measure_throughput(system: System, wiring: Wiring, load: Load) -> Throughput:
    """Measure a system that reads a topic from beginning to end.

    Raises
    ------
    BenchmarkError
        The system ended or stalled.
    """
    with observed(system, replace(wiring, topic=load.topic)) as (processes, observer):
        pids = [started.process.pid for started in processes]
        wait_for(observer, processes, load.warm_up)
        begin, cpu, done = time.monotonic(), cpu_seconds(pids), observer.progress.records
        wait_for(observer, processes, load.count)
        end = time.monotonic()
        events = load.count - done
        cpu = cpu_seconds(pids) - cpu
        peak = memory(pids, "VmHWM")
        # Anomalies in other partitions may still be on their way.
        deadline = time.monotonic() + GRACE
        while not observer.has_seen(load.expected) and time.monotonic() < deadline:
            observer.look(LOOK)
    return Throughput(
        events_per_second=events / (end - begin),
        cpu_per_event=cpu / events * 1e6,
        peak_memory=peak,
        found=frozenset(observer.arrived),
    )


def wait_for(observer: Observer, processes: list[Started], records: int) -> None:
    """Wait until so many records are done.

    Raises
    ------
    BenchmarkError
        The system ended or stalled.
    """
    last = time.monotonic()
    while observer.progress.records < records:
        if observer.look(LOOK) is not None:
            last = time.monotonic()
            continue
        for started in processes:
            started.check()
        if time.monotonic() - last > PATIENCE:
            raise BenchmarkError(
                f"{processes[0].name} has sent no anomaly for {PATIENCE:.0f} s, after "
                f"{observer.progress.records:,} of {records:,} records; see {processes[0].log}"
            )
