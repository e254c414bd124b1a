"""How many anomalies a store takes in a second, from messages to committed rows."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from anomaly_app.core.times import iso_time
from anomaly_app.store.batch import Place
from anomaly_app.store.rows import Topics
from anomaly_app.store.store import Store
from benchmarks.store.population import THRESHOLD, Population

TOPICS = Topics("anomalies", "feedback", "incidents")
AT_ONCE = 2_000
NOW_MS = 1_790_000_000_000


class Message(NamedTuple):
    """A record of a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Rate(NamedTuple):
    """What writing came to."""

    anomalies_per_second: float
    cpu_microseconds: float
    """Of this process, for each anomaly: the database's own is not in it."""


def write(store: Store, population: Population, seconds: float, *, members: bool) -> Rate:
    """Write new anomalies for a while.

    Parameters
    ----------
    store
        Filled.
    population
        What it is filled with.
    seconds
        At least.
    members
        Whether each anomaly also joins an incident, in a later batch.
    """
    places = {Place(topic, 0): 0 for topic in (TOPICS.anomalies, TOPICS.incidents)}
    store.place(places)
    rounds = _rounds(population, members=members)
    done = 0
    spent, cpu = 0.0, 0.0
    while spent < seconds:
        batches = next(rounds)
        begun, used = time.perf_counter(), time.process_time()
        for messages in batches:
            places |= store.take(messages, places)
        spent += time.perf_counter() - begun
        cpu += time.process_time() - used
        done += AT_ONCE
    return Rate(round(done / spent), round(cpu / done * 1e6, 1))


def _rounds(population: Population, *, members: bool) -> Iterator[list[list[Message]]]:
    kind = "members" if members else "alone"
    offset = 0
    while True:
        names = [f"new-{kind}-0-{offset + place}" for place in range(AT_ONCE)]
        batches = [[_message(TOPICS.anomalies, offset, _anomaly(population, n)) for n in names]]
        if members:
            batches.append([_member(name, offset) for name in names])
        for batch in batches:
            for place, message in enumerate(batch):
                batch[place] = message._replace(offset=offset + place)
        yield batches
        offset += AT_ONCE


def _message(topic: str, offset: int, value: bytes, key: bytes | None = None) -> Message:
    return Message(topic, 0, offset, NOW_MS, key, value)


def _member(name: str, offset: int) -> Message:
    value = msgspec.json.encode({"anomaly": name, "incident": f"new-{offset}"})
    return _message(TOPICS.incidents, offset, value, f"member {name}".encode())


def _anomaly(population: Population, name: str) -> bytes:
    draw = population.draw
    features = {f"feature_{place}": float(draw.random()) for place in range(10)}
    return msgspec.json.encode(
        {
            "id": name,
            "entity": population.entity(),
            "time": iso_time(1_790_000_000.0 + float(draw.random()) * 1e6),
            "detected_at": iso_time(1_790_000_000.0),
            "score": 0.8,
            "p_value": float(draw.random()) * 0.01,
            "severity": "high",
            "threshold": THRESHOLD,
            "reasons": [
                {"feature": population.feature(), "value": 4.2, "expected": 1.0, "share": 0.7},
                {"feature": "shop", "value": "casino", "expected": "food", "share": 0.2},
            ],
            "model": {"name": "transactions", "version": "4", "sha256": "ab" * 32},
            "transaction_id": name,
            "features": features,
            "transaction": {"card": "card-1", "id": name, **features},
        }
    )
