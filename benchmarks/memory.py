"""Measure whether the app's memory grows with the number of events."""

from collections.abc import Callable
from dataclasses import replace

from benchmarks.catalogue import APP
from benchmarks.processes import memory
from benchmarks.records import marks
from benchmarks.throughput import observed, wait_for
from benchmarks.topics import delete_topics, fill
from benchmarks.wiring import Wiring

FIRST_LOOK = 0.1
"""Share of the events after which memory is first measured."""


def measure_memory(
    wiring: Wiring, count: int, *, advance: Callable[[int], None]
) -> tuple[float, float]:
    """Measure the memory of a worker that reads a long topic.

    Parameters
    ----------
    wiring
        See `Wiring`; the topic is created here.
    count
        Number of records.
    advance
        Called with the number of records sent since the last call.

    Returns
    -------
    tuple
        Resident memory in MB after a tenth of the records, and after all of them.
    """
    topic = f"{wiring.group}-long"
    early = int(count * FIRST_LOOK)
    marked = marks(count, wiring.partitions, warm_up=early)
    try:
        fill(
            wiring.servers,
            topic,
            count,
            partitions=wiring.partitions,
            marked=marked,
            advance=advance,
        )
        with observed(APP, replace(wiring, topic=topic)) as (processes, observer):
            pids = [started.process.pid for started in processes]
            wait_for(observer, processes, early)
            before = memory(pids, "VmRSS")
            wait_for(observer, processes, count)
            return before, memory(pids, "VmRSS")
    finally:
        delete_topics(wiring.servers, [topic])
