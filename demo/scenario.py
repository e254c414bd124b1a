"""The data of a demo: history to train on, and the records that follow it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from anomaly_app.core.decoding.lazy_json import nested
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.roles.roles import Roles
from anomaly_app.records import Transaction
from demo.malformed import malformed
from demo.simulators import SIMULATORS, AnomalyClass, Kind
from training.history import History
from training.history.reading import SERIES, read_history

FIRST_PART = 0.4
"""Share of a file that the model is trained on; the rest is the traffic."""

MALFORMED_EVERY = 700
"""Simulated records between two malformed ones."""


class Event(NamedTuple):
    """One record to produce, and what is known of it."""

    key: bytes | None
    value: bytes
    label: bool | None
    """Whether it is an anomaly; None if it has no label."""
    kind: str = ""
    """Kind of the anomaly, or "malformed"; "" if it is ordinary or not known."""
    anomaly_class: AnomalyClass | None = None
    """Class of the kind, if it is known."""


class Scenario(NamedTuple):
    """History and the traffic that follows it."""

    history: History
    events: Sequence[Event]
    preset: str | None = None
    """Preset of the entities' memory that suits the history; None if it is not known."""
    past: Sequence[Event] = ()
    """The history as records, for a worker to remember."""


def simulated_scenario(name: str, count: int, *, seed: int) -> Scenario:
    """Simulate history and at least `count` records of traffic, a few of them malformed.

    Parameters
    ----------
    name
        One of `demo.simulators.SIMULATORS`.
    count
        Number of well-formed records.
    seed
        The same seed gives the same rows.
    """
    simulator = SIMULATORS[name]
    simulation = simulator.simulate(simulator.history + count, seed=seed)
    cut = len(simulation.history) - count
    rows = np.arange(len(simulation.history))
    history, traffic = (simulation.history.take(part) for part in (rows[:cut], rows[cut:]))
    events = _events(traffic, simulation.kinds[cut:], simulator.kinds)
    past = [*_events(history, simulation.kinds[:cut], simulator.kinds)]
    return Scenario(history, [*_with_malformed(events)], simulator.preset, past)


def _with_malformed(events: Iterable[Event]) -> Iterator[Event]:
    for index, event in enumerate(events):
        if index % MALFORMED_EVERY == MALFORMED_EVERY // 2:
            broken = malformed(msgspec.json.decode(event.value))
            value = broken[index // MALFORMED_EVERY % len(broken)]
            yield Event(event.key, value, None, "malformed")
        yield event


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


def _events(traffic: History, kinds: Sequence[str], known: Mapping[str, Kind]) -> Iterator[Event]:
    """Write each row in the documented format."""
    names = traffic.frame.columns
    for index, row in enumerate(traffic.frame.iter_rows()):
        transaction = Transaction(
            id=traffic.ids[index] if traffic.ids is not None else index,
            entity=traffic.entities[index] if traffic.entities is not None else None,
            time=float(traffic.times[index]) if traffic.times is not None else None,
            features=dict(zip(names, map(_carried, row), strict=True)),
        )
        event = _event(traffic, index, transaction.asdict())
        kind = kinds[index]
        yield event._replace(kind=kind, anomaly_class=known[kind].anomaly_class) if kind else event


def _event(traffic: History, index: int, value: Mapping[str, Any]) -> Event:
    entity = traffic.entities[index] if traffic.entities is not None else None
    return Event(
        key=entity.encode() if entity is not None else None,
        value=msgspec.json.encode(value),
        label=traffic.label_of(index),
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
