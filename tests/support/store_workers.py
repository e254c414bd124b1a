"""Workers with a store, and what is said of their anomalies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from sqlalchemy import Engine

from anomaly_app.core.feedback.messages import Feedback, feedback_key, write_feedback
from anomaly_app.errors import StoreError
from anomaly_app.store.engine import open_engine
from harness.workers import Worker
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.stores import rows
from tests.support.waiting import eventually


def odd(entity: str, n: int = 0) -> bytes:
    return transaction(9_999.0 + n, "casino", entity=entity, n=n)


def in_a_file(kafka: Kafka) -> Path:
    """Let the workers of a test keep their store in a file."""
    file = kafka.folder / "store.db"
    kafka.settings["ANOMALY_STORE"] = f"sqlite:///{file}"
    return file


@contextmanager
def store_of(kafka: Kafka) -> Iterator[Engine]:
    """Open the store of a test's workers."""
    engine = open_engine(kafka.settings["ANOMALY_STORE"])
    try:
        yield engine
    finally:
        engine.dispose()


async def say(kafka: Kafka, *said: Feedback) -> None:
    """Write what people say to the feedback topic."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers)
    await producer.start()
    try:
        for one in said:
            value = write_feedback(one, kafka.name)
            await producer.send_and_wait(kafka.feedback, value, feedback_key(one))
    finally:
        await producer.stop()


def stored(kafka: Kafka, table: str = "anomalies") -> list[dict[str, Any]]:
    """Rows of a table; none while there is no such table."""
    with store_of(kafka) as engine:
        try:
            return rows(engine, table)
        except StoreError:
            return []


async def until_stored(kafka: Kafka, count: int) -> list[dict[str, Any]]:
    """Wait until so many anomalies are stored; each stands there once."""
    found = await eventually(lambda: stored(kafka), lambda found: len(found) >= count)
    assert len(found) == count
    return list(found)


async def store_stats(worker: Worker) -> dict[str, Any]:
    found: dict[str, Any] = (await stats_of(worker)).get("store") or {}
    return found
