"""Reading what is remembered of one entity out of a partition's memory."""

import math

import numpy as np

from anomaly_app.core.hours import local_seconds
from anomaly_app.core.memory import tables as t
from anomaly_app.core.memory.durations import DAY, HOUR, SECOND, duration_text
from anomaly_app.core.memory.events import Events
from anomaly_app.core.memory.latest import DEGREE
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.memory.profile_data import Buckets, LastValue, Profile, UsualHours
from anomaly_app.core.memory.storage import Record

HOURS = 24.0

MEASURES = {t.COUNT: "count", t.SUM: "sum", t.MAX: "max", t.MIN: "min"}
"""What is shown of windows, bucket by bucket."""

ABOUT_THE_EVENT = {
    "hours",
    "zscore",
    "relative",
    "shift",
    "first",
    "distance",
    "speed",
    "slope",
    "difference",
    "ratio:mean",
}
"""Kinds of features that say nothing without the values of an event."""


def profile_of(
    memory: PartitionMemory, key: int, time: int | None = None, timezone: str = "UTC"
) -> Profile | None:
    """Return what is remembered of an entity; None if it is nothing.

    Parameters
    ----------
    memory
        The partition's memory.
    key
        The entity's hash.
    time
        The time of the profile in milliseconds since the epoch; by default, and at the earliest,
        that of the latest event.
    timezone
        IANA time zone of local times.
    """
    record = memory.record(key)
    if record is None:
        return None
    plan = memory.plan
    now = max(record.clock, time or 0)
    local = float(local_seconds([now / SECOND], timezone)[0]) * SECOND
    return Profile(
        time=now / SECOND,
        hour=local % DAY / HOUR,
        since=_since(plan, record),
        latest=record.clock / SECOND,
        features=_features(memory, key, now),
        windows=_windows(plan, record),
        usual_hours=[
            hours
            for row in range(len(plan.needs.hours))
            if (hours := _usual_hours(plan, record, row)) is not None
        ],
        position=_position(plan, record),
        last_values={
            plan.values[number]: _last_values(plan, record, row)
            for number, row in plan.needs.last.items()
        },
    )


def _features(memory: PartitionMemory, key: int, now: int) -> dict[str, float]:
    """Look at a copy of the record, in a memory of its own, with an event without values."""
    plan = memory.plan
    times = np.array([now])
    event = Events(
        offsets=np.array([memory.applied]),
        keys=np.array([key], np.uint64),
        times=times,
        local=times,
        numbers=np.full((1, len(plan.numbers)), np.nan),
        texts=np.zeros((1, len(plan.texts)), np.uint64),
    )
    seen = memory.copy_of(key).observe(event)[0]
    return {
        feature.name: value
        for feature, value in zip(plan.features, seen.tolist(), strict=True)
        if feature.kind not in ABOUT_THE_EVENT
    }


def _since(plan: Plan, record: Record) -> float:
    return float(record.cells(plan.fields["since", 0]).view("u4")[0])


def _windows(plan: Plan, record: Record) -> list[Buckets]:
    windows, since = [*plan.needs.windows], int(_since(plan, record)) * SECOND
    shown = []
    for (operation, number, place), row in plan.needs.rows.items():
        if operation not in MEASURES:
            continue
        window = windows[place]
        hop = plan.key.hop(window)
        last = record.clock // hop
        values = _buckets(plan, record, row, window)
        present = plan.needs.rows.get((t.PRESENT, number, place)) if operation == t.SUM else None
        scale = 1.0 if number < 0 else float(plan.tables.scales[number])
        shown.append(
            Buckets(
                measure=MEASURES[operation],
                field=None if number < 0 else plan.values[number],
                window=duration_text(window),
                hop=duration_text(hop),
                values=[_value(operation, value, scale) for value in values],
                known=min(last - since // hop + 1, len(values)),
                present=None if present is None else _buckets(plan, record, present, window),
            )
        )
    return shown


def _buckets(plan: Plan, record: Record, row: int, window: int) -> list[int]:
    """Return the cells of a window, the oldest first."""
    hop, ring = plan.key.hop(window), plan.ring(window)
    last = record.clock // hop
    cells = record.cells(plan.fields["rows", row])
    return [int(cells[bucket % ring]) for bucket in range(last - window // hop, last + 1)]


def _value(operation: int, cell: int, scale: float) -> float | None:
    if operation in {t.MAX, t.MIN}:
        return None if cell == 0 else (cell - 1 if cell > 0 else cell) / scale
    return cell / scale


def _usual_hours(plan: Plan, record: Record, row: int) -> UsualHours | None:
    weight, along, across = record.cells(plan.fields["hours", row]).view("f8").tolist()
    if not weight > 0.0:
        return None
    half_life = [*plan.needs.decays][[*plan.needs.hours][row]]
    angle = math.atan2(across, along) / (2.0 * math.pi)
    return UsualHours(
        hour=angle * HOURS % HOURS,
        concentration=min(math.hypot(along, across) / weight, 1.0),
        events=weight * 2.0 ** -((record.clock % half_life) / half_life),
    )


def _position(plan: Plan, record: Record) -> tuple[float, float] | None:
    if not plan.needs.places or not record.cells(plan.fields["times of places", 0])[0]:
        return None
    north, east = record.cells(plan.fields["places", 0]).tolist()
    return north / DEGREE, east / DEGREE


def _last_values(plan: Plan, record: Record, row: int) -> list[LastValue]:
    cells = record.cells(plan.fields["last", row])
    times, values = cells[::2].tolist(), cells.view("f8")[1::2].tolist()
    return [
        LastValue((time - 1) / SECOND, value)
        for time, value in zip(times, values, strict=True)
        if time > 0
    ]
