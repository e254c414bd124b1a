"""The figures of the memory of entities, and the goals for them."""

from benchmarks.goals import Goal, alone, difference, ratio
from benchmarks.results import CPU, EVENTS, latency_figure

WITHOUT, WITH = "app without memory", "app with memory"
QUIX, TABLE = "Quix Streams with state", "Faust agent with table"

RATE = 5_000
"""Events a second at which latencies are compared."""

P99 = latency_figure(0.99, RATE)

KERNEL = ("kernel", "µs of an event and key")
PUBLISHED = ("kernel", "bytes of an entity in an image")

RESIDENT = "memory of a partition"
RECORD = (RESIDENT, "bytes of a record")
BYTES = (RESIDENT, "bytes of an entity, all in")
FULL = (RESIDENT, "MB when every block is full")
FLOODED = (RESIDENT, "MB after all distinct keys")

TRAFFIC = (WITH, "MB/s on the memory topic")
MESSAGES = (WITH, "messages on the memory topic per event")
JUDGED = (WITH, "events/s while images are published")
LIVE_CPU = (WITH, "CPU µs/event while images are published")

RESTORE = ("restore after a kill", "s until all partitions are judged")
REPLAYED = ("restore after a kill", "events replayed")
OFFERED = ("restore after a kill", "events/s offered meanwhile")
OUTAGE = ("restore after a kill", "s since the kill, with the group's timeout")
BACK = ("partitions that come back", "s until all partitions are judged")
BACK_REPLAYED = ("partitions that come back", "events replayed")


def _alone(
    what: str, of: tuple[str, str], limit: float, unit: str, *, at_most: bool = True
) -> Goal:
    return Goal(what, of, of, alone, limit, at_most, unit)


GOALS = (
    _alone("an event and key in the kernel", KERNEL, 2.0, "µs"),
    Goal("CPU, with memory / without", (WITH, CPU), (WITHOUT, CPU), ratio, 2, at_most=True),
    *(
        Goal(f"events/s, app / {peer}", (WITH, EVENTS), (peer, EVENTS), ratio, 20, at_most=False)
        for peer in (QUIX, TABLE)
    ),
    _alone("bytes of an entity, all in", BYTES, 424, "B"),
    Goal("MB after all keys / when full", FLOODED, FULL, ratio, 1.01, at_most=True),
    _alone("traffic of the memory topic", TRAFFIC, 4, "MB/s"),
    _alone("messages of the memory topic per event", MESSAGES, 0.01, ""),
    _alone("restore after a kill", RESTORE, 15, "s"),
    _alone("partitions that come back", BACK, 1, "s"),
    Goal(
        "p99 at 5,000/s, with memory - without",
        (WITH, P99),
        (WITHOUT, P99),
        difference,
        5,
        at_most=True,
        unit="ms",
    ),
)
