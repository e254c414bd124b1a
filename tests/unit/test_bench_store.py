"""The benchmark of the store fills it with what a worker would have written, and asks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from anomaly_app.store.engine import writing
from anomaly_app.store.settling import settle
from anomaly_app.store.store import Store
from benchmarks.store.asking import measure, questions
from benchmarks.store.filling import fill
from benchmarks.store.population import Population
from benchmarks.store.writing_rate import TOPICS, write
from tests.support.stores import contents, sqlite_store

SIZE = 2_000


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Engine]:
    with sqlite_store(tmp_path) as engine:
        fill(engine, Population(SIZE), lambda done, total: None)
        yield engine


def test_what_follows_from_the_rows_is_what_they_say(filled: Engine) -> None:
    before = contents(filled)
    with writing(filled) as connection:
        settle(connection, [row["id"] for row in before["anomalies"]])
    assert contents(filled) == before
    assert len(before["anomalies"]) == SIZE
    assert 0 < len(before["labels"]) < len(before["members"]) < SIZE


def test_every_question_has_its_time(filled: Engine) -> None:
    population = Population(SIZE)
    answers = measure(filled, population, 2)
    assert answers.keys() == questions(population).keys()
    assert all(0 < found["p50"] <= found["p95"] for found in answers.values())


@pytest.mark.parametrize("members", [False, True])
def test_what_is_written_is_counted(filled: Engine, *, members: bool) -> None:
    store = Store(filled, TOPICS, "benchmark")
    rate = write(store, Population(SIZE), 0.01, members=members)
    assert rate.anomalies_per_second > 0
    new = [row for row in contents(filled)["anomalies"] if row["id"].startswith("new-")]
    assert len(new) == store.counts.written["anomalies"]
    assert all((row["incident"] is not None) == members for row in new)
