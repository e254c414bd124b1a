"""What a demo sends: history to train on, and the records that follow it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from anomaly_app.core.roles import Roles
from anomaly_app.core.schema import FeatureValue
from anomaly_app.demo.simulator import simulate
from anomaly_app.records import Transaction
from training.history import History, read_history

FIRST_PART = 0.4
"""Share of a file that the model is trained on; the rest is the traffic."""

SIMULATED_HISTORY = 20_000

MALFORMED_EVERY = 700
"""Simulated records between two malformed ones."""

MALFORMED: tuple[bytes, ...] = (
    b'{"id": 1, "entity": "card-0001", "features": {"amount": 12.5, "cat',
    b'{"entity": "card-0002", "features": {"amount": "twelve", "category": "books"}}',
    b'{"entity": "card-0003", "features": {"amount": NaN, "category": "fuel"}}',
    b'{"entity": "card-0004", "features": [1.0]}',
    b'{"entity": "card-0005", "time": "9999-12-31T00:00:00Z", "features": {"amount": 5.0}}',
    b"amount=12.50;category=books",
    b'{"entity": "card-\xff\xfe", "features": {"amount": 5.0}}',
)


class Event(NamedTuple):
    """One record to produce, and what is known of it."""

    key: bytes | None
    value: bytes
    fraud: bool | None
    """None where nobody has labelled it."""
    kind: str


class Scenario(NamedTuple):
    """History and the traffic that follows it."""

    history: History
    events: Sequence[Event]


def simulated_scenario(count: int, *, seed: int) -> Scenario:
    """Simulate history and at least `count` records of traffic, a few of them malformed."""
    simulation = simulate(SIMULATED_HISTORY + count, seed=seed)
    cut = len(simulation.history) - count
    rows = np.arange(len(simulation.history))
    history, traffic = (simulation.history.take(part) for part in (rows[:cut], rows[cut:]))
    events: list[Event] = []
    for place, event in enumerate(_events(traffic, simulation.kinds[cut:])):
        if place % MALFORMED_EVERY == MALFORMED_EVERY // 2:
            bad = MALFORMED[place // MALFORMED_EVERY % len(MALFORMED)]
            events.append(Event(event.key, bad, None, "malformed"))
        events.append(event)
    return Scenario(history, events)


def file_scenario(path: Path, roles: Roles) -> Scenario:
    """Read a file of history: its first part to train on, the rest as traffic.

    The files of a folder were not recorded together: each has a first part of its own.
    """
    history, traffic = read_history(path, roles).split(FIRST_PART, each_entity=path.is_dir())
    return Scenario(history, _events(traffic, [""] * len(traffic)))


def _events(traffic: History, kinds: Sequence[str]) -> list[Event]:
    names = traffic.frame.columns
    events = []
    for place, row in enumerate(traffic.frame.iter_rows()):
        entity = traffic.entities[place] if traffic.entities is not None else None
        transaction = Transaction(
            id=traffic.ids[place] if traffic.ids is not None else place,
            entity=entity,
            time=float(traffic.times[place]) if traffic.times is not None else None,
            features=dict(zip(names, map(_carried, row), strict=True)),
        )
        events.append(
            Event(
                key=entity.encode() if entity is not None else None,
                value=msgspec.json.encode(transaction.asdict()),
                fraud=traffic.label_of(place),
                kind=kinds[place],
            )
        )
    return events


def _carried(value: object) -> FeatureValue:
    """Give a table's cell as JSON can carry it: neither NaN nor dates."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return str(value)
