"""A follower goes on where the database is, whatever happens to the database and to the topics.

The topics are of `tests.support.store_broker`: retention and assignments come when a test says so.
Real brokers are in tests/integration/test_store.py.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from sqlalchemy import Engine

from anomaly_app.backoff import Backoff
from anomaly_app.settings.app import Settings
from anomaly_app.store import pace
from anomaly_app.store.batch import Place
from anomaly_app.store.engine import writing
from anomaly_app.store.following import Follower
from anomaly_app.store.schema import downgrade, schema_of
from anomaly_app.store.writing import set_positions
from tests.support.store_broker import StoreBroker
from tests.support.stores import (
    GROUP,
    TOPICS,
    anomaly_id,
    emptied,
    found,
    label,
    rows,
    sqlite_store,
    verdicts,
)
from tests.support.waiting import elapse, eventually


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> StoreBroker:
    monkeypatch.setattr(pace, "LINGER", 0.01)
    made = StoreBroker()
    made.install(monkeypatch)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        store=f"sqlite:///{tmp_path / 'store.db'}",
        group=GROUP,
        anomalies_topic=TOPICS.anomalies,
        feedback_topic=TOPICS.feedback,
        incidents_topic=TOPICS.incidents,
        store_days=0,
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Follower]:
    stopping: list[bool] = []
    follower = Follower(settings, Backoff(0.01, 0.05))
    task = asyncio.create_task(follower.run(lambda: bool(stopping)))
    try:
        yield follower
    finally:
        stopping.append(True)
        await task


def reading(engine: Engine) -> Callable[[], list[str]]:
    return lambda: sorted(verdicts(engine))


async def until(engine: Engine, count: int) -> None:
    await eventually(reading(engine), lambda names: len(names) >= count, patience=20.0)
    assert len(verdicts(engine)) == count


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    with sqlite_store(tmp_path) as engine:
        yield engine


def places(engine: Engine) -> list[Place]:
    return [Place(row["topic"], row["partition"]) for row in rows(engine, "positions")]


def is_there(engine: Engine) -> bool:
    return schema_of(engine).found is not None


async def test_what_is_on_the_topics_comes_into_the_store(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    broker.append(*(found(place) for place in range(250)), label(anomaly_id(3)))
    async with running(settings) as follower:
        await until(store, 250)
        broker.append(found(250))
        await until(store, 251)
        await eventually(lambda: sum(broker.committed.values()), lambda offsets: offsets == 252)
        stats = await eventually(follower.stats, lambda stats: stats["lag"] == 0)
    assert verdicts(store)[anomaly_id(3)] == "fraud"
    assert stats["state"] == "writing"
    assert stats["written"] == {"anomalies": 251, "labels": 1, "audit": 1}


async def test_a_restart_and_a_rebalance_repeat_nothing(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    broker.append(*(found(place) for place in range(20)))
    async with running(settings):
        await until(store, 20)
    broker.append(found(20))
    async with running(settings) as follower:
        await until(store, 21)
        broker.rebalance()
        broker.append(found(21))
        await until(store, 22)
        assert follower.stats()["written"]["anomalies"] == 2


async def test_a_locked_database_is_waited_for(
    broker: StoreBroker, settings: Settings, store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomaly_app.store.engine.BUSY_TIMEOUT", 0.05)
    async with running(settings) as follower:
        broker.append(found(0))
        await until(store, 1)
        locking = sqlite3.connect(settings.store.removeprefix("sqlite:///"), isolation_level=None)
        locking.execute("BEGIN IMMEDIATE")
        broker.append(*(found(place) for place in range(1, 10)))
        await eventually(follower.stats, lambda stats: stats["state"] == "waiting")
        assert "locked" in (follower.why or "")
        # Others may join or leave meanwhile.
        broker.rebalance()
        await elapse(0.2)
        assert len(verdicts(store)) == 1
        locking.execute("ROLLBACK")
        locking.close()
        await until(store, 10)
        await eventually(follower.stats, lambda stats: stats["state"] == "writing")


async def test_an_emptied_database_is_filled_again(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    async with running(settings):
        broker.append(*(found(place) for place in range(10)))
        await until(store, 10)
        emptied(store)
        broker.append(found(10))
        await until(store, 11)


async def test_an_older_backup_that_is_put_back_is_completed(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    async with running(settings):
        broker.append(*(found(place) for place in range(10)))
        await until(store, 10)
        with writing(store) as connection:
            connection.exec_driver_sql("DELETE FROM anomalies WHERE kafka_offset >= 4")
            positions = {p: 4 if p.topic == TOPICS.anomalies else 0 for p in places(store)}
            set_positions(connection, positions)
        broker.append(found(10))
        await until(store, 11)


async def test_tables_that_somebody_deleted_are_made_anew(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    async with running(settings):
        broker.append(found(0))
        await until(store, 1)
        downgrade(store, "base")
        broker.append(found(1))
        await eventually(
            lambda: len(rows(store, "anomalies")) if is_there(store) else 0,
            lambda count: count == 2,
            patience=20.0,
        )


async def test_what_retention_deleted_is_counted_and_passed(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    broker.append(*(found(place) for place in range(10)))
    async with running(settings):
        await until(store, 10)
    broker.append(*(found(place) for place in range(10, 20)))
    broker.delete_before(TOPICS.anomalies, 15)
    async with running(settings) as follower:
        await until(store, 15)
        assert follower.stats()["lost_to_retention"] == 5


async def test_what_retention_deletes_while_the_database_is_away_is_passed(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    async with running(settings) as follower:
        broker.append(found(0))
        await until(store, 1)
        # Between two reads, as after an outage that was longer than the retention.
        broker.append(*(found(place) for place in range(1, 10)))
        broker.delete_before(TOPICS.anomalies, 5)
        await until(store, 6)
        assert follower.stats()["lost_to_retention"] == 4


async def test_a_topic_that_was_made_anew_is_read_from_its_beginning(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    async with running(settings):
        broker.append(*(found(place) for place in range(10)))
        await until(store, 10)
        broker.make_anew(TOPICS.anomalies)
        broker.append(found(100), found(101))
        await until(store, 12)


async def test_it_stops_while_the_database_is_locked(
    broker: StoreBroker, settings: Settings, store: Engine
) -> None:
    async with running(settings) as follower:
        broker.append(found(0))
        await until(store, 1)
        locking = sqlite3.connect(settings.store.removeprefix("sqlite:///"), isolation_level=None)
        locking.execute("BEGIN IMMEDIATE")
        broker.append(found(1))
        partition = TopicPartition(TOPICS.anomalies, 0)
        await eventually(lambda: broker.places[partition], lambda place: place == 2)
    locking.close()
    assert follower.state in {"writing", "waiting"}
    async with running(settings):
        await until(store, 2)
