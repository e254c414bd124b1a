"""Records that broke the code once, on their way through real workers."""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaProducer

from harness.workers import Worker
from tests.support.dead_letters import create_topics, dlq
from tests.support.factories import transaction
from tests.support.faults import POISON, Faults, save_faulty_model
from tests.support.kafka import Kafka, stats_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


BEYOND = 2**62
"""A timestamp that is past 2100 in every unit."""

ANY_TIMESTAMP = {"message.timestamp.after.max.ms": str(2**63 - 1)}
"""Has brokers since Kafka 3.6 take what those before them take."""


class Sent(NamedTuple):
    """A record with a timestamp of its producer's."""

    value: bytes
    timestamp: int | None = None


async def send(kafka: Kafka, records: Sequence[Sent]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers)
    await producer.start()
    try:
        for value, timestamp in records:
            await producer.send_and_wait(
                kafka.transactions, value, key=b"card-1", partition=0, timestamp_ms=timestamp
            )
    finally:
        await producer.stop()


async def test_a_time_of_310_digits_stops_nothing_behind_it(kafka: Kafka) -> None:
    endless = b'{"features": {"amount": 20.0}, "time": ' + b"9" * 310 + b"}"
    async with kafka.worker() as worker:
        await send(kafka, [Sent(transaction()), Sent(endless), Sent(transaction(9_999.0))])
        stats = await eventually(lambda: stats_of(worker), lambda s: s["events"] == 3)
        [letter] = await kafka.read(kafka.dead_letters, 1)
        await eventually(kafka.lag, lambda lag: lag == 0)
        assert worker.process.poll() is None
    assert stats["scored"] == 2
    assert stats["dead_letters_by_reason"] == {"bad-time": 1}
    assert letter.value == endless


async def test_kafkas_timestamp_is_read_in_whatever_unit_it_is(kafka: Kafka) -> None:
    now = int(time.time())
    records = [
        *[Sent(transaction(9_999.0, "casino"), now * 1_000**power) for power in (1, 2, 3)],
        *[Sent(transaction(amount), BEYOND) for amount in (20.0, 9_999.0)],
        Sent(transaction(9_999.0, "casino", time=now), BEYOND),
    ]
    await create_topics(kafka, **ANY_TIMESTAMP)
    async with kafka.worker() as worker:
        await send(kafka, records)
        stats = await eventually(lambda: stats_of(worker), lambda s: s["events"] == len(records))
        anomalies = await kafka.read_anomalies(4)
        letters = await kafka.read(kafka.dead_letters, 2)
    assert {anomaly.time for anomaly in anomalies} == {
        time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now))
    }
    assert stats["dead_letters_by_reason"] == {"bad-time": 2}
    # Those that are out of range say nothing of the latency.
    assert 0.0 < stats["latency_seconds"]["p99"] < 600.0
    for letter in letters:
        assert b"Kafka's timestamp" in dict(letter.headers)["error"]


@pytest.fixture
def faults(kafka: Kafka) -> Faults:
    """Switches of the faults of this test's workers."""
    kafka.model, faults = save_faulty_model(kafka.folder)
    return faults


def lines_on_unalertable(worker: Worker) -> list[str]:
    return [
        line
        for line in worker.log.read_text().splitlines()
        if "dead letter" in line and "unalertable" in line
    ]


async def test_an_anomaly_without_words_is_a_dead_letter_and_the_others_are_alerted_on(
    kafka: Kafka, faults: Faults
) -> None:
    faults.lose_the_word()
    values = [transaction(9_999.0 + i, "casino", id=i) for i in range(30)]
    values[10] = transaction(POISON, "casino", id="poison")
    async with kafka.worker() as worker:
        await kafka.produce(values)
        await eventually(
            lambda: stats_of(worker),
            lambda s: s["alerts"] == {"taken": len(values) - 1, "dead_letter": 1},
        )
        [letter] = await kafka.read(kafka.dead_letters, 1)
        [line] = await eventually(lambda: lines_on_unalertable(worker), bool)
    headers = {name: value.decode() for name, value in letter.headers}
    found = json.loads(letter.value)
    place = f"{headers['source-partition']} offset {headers['source-offset']}"
    assert headers["source-topic"] == kafka.anomalies
    assert found["transaction"]["id"] == "poison"
    assert headers["error"].startswith(f"unalertable: anomaly '{found['id']}': RuntimeError")
    assert f"{kafka.anomalies} partition {place}" in line
    assert found["id"] in line
    assert "unalertable" in dlq(kafka, "list", "--reason", "unalertable").out
    replayed = dlq(kafka, "replay", "--all")
    assert f"left 1 that did not come from {kafka.transactions}" in replayed.out


async def test_a_worker_that_has_no_words_for_any_alert_ends_and_the_next_one_says_them(
    kafka: Kafka, faults: Faults
) -> None:
    faults.lose_the_word(for_all=True)
    values = [transaction(9_999.0 + i, "casino", id=i) for i in range(30)]
    async with kafka.worker() as worker:
        await kafka.produce(values)
        ended = await asyncio.wait_for(asyncio.to_thread(worker.process.wait), timeout=60)
        said = worker.log.read_text()
    assert ended == os.EX_TEMPFAIL
    assert f"{kafka.anomalies} partition" in said
    assert "no words for anything" in said
    faults.heal()
    async with kafka.worker() as worker:
        await eventually(
            lambda: stats_of(worker), lambda s: s["alerts"].get("taken", 0) >= len(values)
        )
    assert await kafka.read(kafka.dead_letters, 0) == []
