"""The data of a demo: history to train on, and the records that follow it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from anomaly_app.core.decoding.lazy_json import nested
from anomaly_app.core.model.schema import FeatureValue
from anomaly_app.core.roles.roles import Roles
from anomaly_app.records import Transaction
from demo.simulators.cards import simulate
from training.history import History
from training.history.reading import SERIES, read_history

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
    """None if it has no label."""
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
    for index, event in enumerate(_events(traffic, simulation.kinds[cut:])):
        if index % MALFORMED_EVERY == MALFORMED_EVERY // 2:
            bad = MALFORMED[index // MALFORMED_EVERY % len(MALFORMED)]
            events.append(Event(event.key, bad, None, "malformed"))
        events.append(event)
    return Scenario(history, events)


def file_scenario(path: Path, roles: Roles) -> Scenario:
    """Read a file of history: its first part to train on, the rest as traffic.

    The files of a folder were not recorded together, so each is split separately.
    """
    whole = read_history(path, roles)
    history, traffic = whole.split(FIRST_PART, each_entity=whole.roles.key == SERIES)
    return Scenario(history, _file_events(traffic))


def _file_events(traffic: History) -> list[Event]:
    """Write each row as a record with the file's own names, and without the label."""
    roles = traffic.roles
    names = [roles.field_of(name) for name in traffic.frame.columns]
    rows = zip(traffic.frame.iter_rows(), _parts_of(traffic), strict=True)
    return [
        _event(
            traffic,
            index,
            nested({**parts, **dict(zip(names, map(_carried, row), strict=True))}),
        )
        for index, (row, parts) in enumerate(rows)
    ]


def _parts_of(traffic: History) -> Iterator[dict[str, FeatureValue]]:
    """Yield key, time and id of each row, by the names of their fields."""
    roles = traffic.roles
    columns = [
        (roles.key, _listed(traffic.entities)),
        (roles.time, None if traffic.times is None else traffic.times.tolist()),
        (roles.id, _listed(traffic.ids)),
    ]
    held = [(name, column) for name, column in columns if name is not None and column is not None]
    for index in range(len(traffic)):
        yield {name: _carried(column[index]) for name, column in held}


def _events(traffic: History, kinds: Sequence[str]) -> list[Event]:
    """Write each row in the documented format."""
    names = traffic.frame.columns
    events = []
    for index, row in enumerate(traffic.frame.iter_rows()):
        transaction = Transaction(
            id=traffic.ids[index] if traffic.ids is not None else index,
            entity=traffic.entities[index] if traffic.entities is not None else None,
            time=float(traffic.times[index]) if traffic.times is not None else None,
            features=dict(zip(names, map(_carried, row), strict=True)),
        )
        events.append(_event(traffic, index, transaction.asdict(), kind=kinds[index]))
    return events


def _event(traffic: History, index: int, value: Mapping[str, Any], *, kind: str = "") -> Event:
    entity = traffic.entities[index] if traffic.entities is not None else None
    return Event(
        key=entity.encode() if entity is not None else None,
        value=msgspec.json.encode(value),
        fraud=traffic.label_of(index),
        kind=kind,
    )


def _listed(column: pl.Series | None) -> list[Any] | None:
    return None if column is None else column.to_list()


def _carried(value: object) -> FeatureValue:
    """Convert a table's cell to a value that JSON supports: no NaN, decimals or dates."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if np.isfinite(float(value)) else None
    return value.isoformat() if isinstance(value, date | time) else str(value)
