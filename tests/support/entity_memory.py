"""Memories of entities and the events that they are given."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from anomaly_app.core.arrays import Integers
from anomaly_app.core.memory.durations import DAY, HOUR, MINUTE, SECOND
from anomaly_app.core.memory.events import Events
from anomaly_app.core.memory.image import Image
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.memory.spec import KeySpec, read_spec

NOON = 1_767_614_400_000
"""12:00 on the 5th of January 2026, in milliseconds."""

CARD = (
    *(
        f"{kind}:{window}"
        for kind in ("count", "sum:amount")
        for window in ("1h", "1d", "7d", "30d")
    ),
    "mean:amount:1d",
    "mean:amount:30d",
    "max:amount:30d",
    "min:amount:30d",
    "std:amount:7d",
    "distinct:merchant:1d",
    "distinct:merchant:7d",
    "distinct:merchant:30d",
    "distinct_rate:merchant:7d",
    "zscore:amount:30d",
    "zscore:log(amount):30d",
    "relative:amount:7d",
    "std:log(amount):1h",
    "shift:amount:1d:30d",
    "shift:log(amount):7d:30d",
    "ratio:count:1h:7d",
    "ratio:count:1d:30d",
    "ratio:sum:amount:1d:30d",
    "ratio:mean:amount:1d:30d",
    "since_last",
    "first:merchant",
    "first:merchant:2d",
    "hours:30d",
    "distance:lat,long",
    "speed:lat,long",
    "slope:amount:8",
    "slope:amount:3",
    "difference:amount",
    "difference:amount:30d",
)
"""Every kind of feature."""


def key_spec(*features: str, **options: Any) -> KeySpec:
    return read_spec({"keys": [{"features": features or CARD, **options}]}).keys[0]


def plan_of(*features: str, **options: Any) -> Plan:
    return Plan(key_spec(*features, **options))


def memory_of(*features: str, **options: Any) -> PartitionMemory:
    return PartitionMemory(plan_of(*features, **options))


def events_of(
    plan: Plan,
    times: Sequence[int] | Integers,
    *,
    keys: Sequence[int] | Integers | int = 1,
    first_offset: int = 0,
    **columns: Any,
) -> Events:
    """Give events with some columns; numbers that are not given are missing, and so are texts."""
    many = len(times)
    at = np.asarray(times, dtype=np.int64)
    numbers = [np.asarray(columns.get(name, [np.nan] * many), np.float64) for name in plan.numbers]
    texts = [np.asarray(columns.get(name, [0] * many)).astype(np.uint64) for name in plan.texts]
    return Events(
        offsets=np.arange(first_offset, first_offset + many),
        keys=np.broadcast_to(np.asarray(keys), many).astype(np.uint64),
        times=at,
        local=at,
        numbers=np.column_stack(numbers) if numbers else np.zeros((many, 0)),
        texts=np.column_stack(texts) if texts else np.zeros((many, 0), np.uint64),
    )


def part(events: Events, begin: int, end: int) -> Events:
    """Give the events between two positions, not offsets."""
    return Events._make(column[begin:end] for column in events)


def batches(events: Events, size: int) -> Iterator[Events]:
    for begin in range(0, len(events.offsets), size):
        yield part(events, begin, begin + size)


def random_stream(
    plan: Plan, random: np.random.Generator, many: int, *, entities: int = 20, late: float = 0.2
) -> Events:
    """Give events of a random pace: many at equal times or on the edges of buckets, some late."""
    gaps = random.choice([0, SECOND, MINUTE, HOUR, 10 * HOUR, 3 * DAY, 20 * DAY], many, p=[
        0.1, 0.2, 0.25, 0.25, 0.15, 0.04, 0.01
    ])  # fmt: skip
    times = NOON + np.cumsum((gaps * random.random(many)).astype(np.int64))
    edge = random.choice([1, SECOND, 10 * MINUTE, 4 * HOUR, DAY, 5 * DAY], many, p=[
        0.6, 0.1, 0.1, 0.1, 0.05, 0.05
    ])  # fmt: skip
    times = times // edge * edge
    is_late = random.random(many) < late
    times = times - is_late * random.choice([SECOND, 9 * MINUTE, 10 * MINUTE, DAY], many)
    keys = random.integers(1, 2**63, entities)[random.zipf(1.5, many) % entities]
    amounts = np.round(random.lognormal(3.0, 1.5, many), 3) * random.choice([1, 1, 1, -1], many)
    columns: dict[str, Any] = {
        "amount": np.where(random.random(many) < 0.1, np.nan, amounts),
        "lat": np.where(random.random(many) < 0.2, np.nan, random.uniform(-90, 90, many)),
        "long": random.uniform(-180, 180, many),
    }
    texts = random.integers(1, 2**63, 300)
    texts[0] = 0
    merchants = texts[random.zipf(1.3, many) % 300]
    columns["merchant"] = merchants
    return events_of(plan, times, keys=keys, **columns)


def applied_in(memory: PartitionMemory, events: Events, size: int) -> PartitionMemory:
    """Apply events in batches of a size."""
    for batch in batches(events, size):
        memory.observe(batch)
    return memory


def published(image: Image) -> Image:
    """Give an image as it is after it was written and read."""
    return Image.from_bytes(image.to_bytes())
