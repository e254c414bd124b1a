"""A real worker between real topics."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord, RecordMetadata

from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.records import Anomaly
from harness.workers import Worker
from tests.support import traffic
from tests.support.alerts import alerting_file
from tests.support.factories import NOON, model, record, transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.slack_server import TOKEN, posting_to, slack_server
from tests.support.traffic import transactions
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

BAD = [*traffic.BAD, b"x" * 5_000_000]


@pytest.fixture(scope="module")
def running(
    broker: str, model_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Kafka, Worker]]:
    """One worker for the tests that only look at what becomes of single records."""
    kafka = Kafka(broker, tmp_path_factory.mktemp("running"), model_folder)
    worker = kafka.start_worker()
    try:
        asyncio.run(worker.wait_until_ready())
        yield kafka, worker
    finally:
        worker.stop()


def anomaly_ids(kafka: Kafka, values: list[bytes], places: list[tuple[int, int]]) -> set[str]:
    """What an offline run of the same model over the same records finds."""
    pipeline = Pipeline(model(), max_record_bytes=1_048_576, max_reasons=5)
    records = [
        record(value, partition=partition, offset=offset)
        for value, (partition, offset) in zip(values, places, strict=True)
    ]
    return {
        f"{kafka.transactions}-{f.record.partition}-{f.record.offset}"
        for f in pipeline.judge(records, NOON).findings
    }


def done(kafka: Kafka, stats: dict[str, Any]) -> int:
    """How many transactions are done in all partitions, as a worker says."""
    return sum(partition["offset"] or 0 for partition in of_transactions(kafka, stats))


def of_transactions(kafka: Kafka, stats: dict[str, Any]) -> list[dict[str, Any]]:
    """What a worker says of its partitions of the transactions."""
    return [p for p in stats.get("partitions", []) if p["topic"] == kafka.transactions]


async def test_transactions_become_anomalies_and_dead_letters_and_nothing_is_lost(
    kafka: Kafka,
) -> None:
    async with kafka.worker() as worker:
        good = transactions(3_000)
        places = await kafka.produce(good)
        bad_places = await kafka.produce(BAD)
        expected = anomaly_ids(kafka, good, places)
        total = len(good) + len(BAD)
        stats = await eventually(
            lambda: stats_of(worker),
            lambda s: (
                s["events"] >= total
                and s["alerts"].get("taken") == len(expected)
                and done(kafka, s) == total
            ),
        )
        anomalies = await kafka.read_anomalies(len(expected))
        letters = await kafka.read(kafka.dead_letters, len(BAD))

    assert len(expected) > 20
    assert sorted(a.id for a in anomalies) == sorted(expected)
    assert stats["scored"] == len(good)
    assert stats["dead_letters"] == len(BAD)
    assert stats["anomalies"] == len(expected)
    assert stats["latency_seconds"]["p99"] > 0
    assert stats["model"]["version"] == "1"

    originals = dict(zip(bad_places, BAD, strict=True))
    for letter in letters:
        headers = {name: value.decode() for name, value in letter.headers}
        place = int(headers["source-partition"]), int(headers["source-offset"])
        assert originals.pop(place) == letter.value
        assert headers["source-topic"] == kafka.transactions
        assert ": " in headers["error"]
    assert originals == {}


async def test_an_anomaly_keeps_its_key_and_original(running: tuple[Kafka, Worker]) -> None:
    kafka, _ = running
    sent = transaction(9_999.0, "casino", id="kept", entity="card-x", note="kept")
    [(partition, offset)] = await kafka.produce([sent], keys=lambda _: b"the-key")
    messages = await kafka.read_until(kafka.anomalies, f"{partition}-{offset}".encode())
    found = json.loads(messages[-1].value)
    assert messages[-1].key == b"the-key"
    assert found["id"] == f"{kafka.transactions}-{partition}-{offset}"
    assert found["entity"] == "card-x"
    assert found["transaction"] == json.loads(sent)
    assert found["reasons"][0]["feature"] == "amount"


async def test_null_keys_are_no_obstacle(running: tuple[Kafka, Worker]) -> None:
    kafka, _ = running
    values = [transaction(9_999.0, "casino"), b"{null-key"]
    [(partition, offset), _] = await kafka.produce(values, keys=lambda _: None)
    anomalies = await kafka.read_until(kafka.anomalies, f"{partition}-{offset}".encode())
    letters = await kafka.read_until(kafka.dead_letters, b"{null-key")
    assert anomalies[-1].key is None
    assert Anomaly.loads(anomalies[-1].value).entity is None
    assert letters[-1].key is None


async def test_a_record_without_key_and_value_is_a_dead_letter(
    running: tuple[Kafka, Worker],
) -> None:
    def sent_from(letter: ConsumerRecord, sent: RecordMetadata) -> bool:
        headers = dict(letter.headers)
        return (headers["source-partition"], headers["source-offset"]) == (
            str(sent.partition).encode(),
            str(sent.offset).encode(),
        )

    kafka, worker = running
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers)
    await producer.start()
    try:
        # The client's own `send` refuses it.
        batch = producer.create_batch()
        batch.append(key=None, value=None, timestamp=None)
        batch.close()
        sent = await (await producer.send_batch(batch, kafka.transactions, partition=0))
    finally:
        await producer.stop()
    letters = await eventually(
        lambda: kafka.read(kafka.dead_letters, 0, linger=0.5),
        lambda found: any(sent_from(letter, sent) for letter in found),
    )
    [letter] = [letter for letter in letters if sent_from(letter, sent)]
    assert (letter.key, letter.value) == (None, b"")
    assert worker.process.poll() is None


async def test_pages_that_are_not_ours_are_off(running: tuple[Kafka, Worker]) -> None:
    _, worker = running
    assert (await worker.get("/healthz"))[0] == 200
    for page in ("/table/", "/table", "/router/", "/graph/", "/performance/"):
        assert (await worker.get(page))[0] == 404


async def test_two_workers_share_the_partitions(kafka: Kafka) -> None:
    values = transactions(2_000)
    async with kafka.worker() as first, kafka.worker() as second:
        both = [first, second]

        async def shares() -> list[int]:
            return [len(of_transactions(kafka, await stats_of(worker))) for worker in both]

        await eventually(shares, lambda found: found == [2, 2])
        await eventually(
            lambda: asyncio.gather(*(w.get("/readyz") for w in both)),
            lambda answers: [status for status, _ in answers] == [200, 200],
        )
        places = await kafka.produce(values)
        expected = anomaly_ids(kafka, values, places)
        scored = await eventually(
            lambda: asyncio.gather(*map(stats_of, both)),
            lambda answers: sum(s["scored"] for s in answers) >= len(values),
        )
        found = {a.id for a in await kafka.read_anomalies(len(expected))}
    assert found == expected
    assert all(s["scored"] > 0 for s in scored)


async def test_what_a_stopped_worker_leaves_is_done_by_the_next(kafka: Kafka) -> None:
    values = transactions(6_000)
    async with kafka.worker() as first:
        producing = asyncio.create_task(kafka.produce(values[:4_000]))
        await eventually(lambda: stats_of(first), lambda s: s["events"] > 0)
    places = await producing + await kafka.produce(values[4_000:])
    expected = anomaly_ids(kafka, values, places)
    async with kafka.worker() as second:
        await eventually(kafka.committed, lambda c: sum(c.values()) == len(values))
        stats = await stats_of(second)
        found = await kafka.read_anomalies(len(expected))
    assert 2_000 <= stats["scored"] < len(values)
    assert {anomaly.id for anomaly in found} == expected


async def test_offsets_are_committed_also_after_a_lonely_first_record(kafka: Kafka) -> None:
    kafka.partitions = 1
    async with kafka.worker() as worker:
        await kafka.produce([transaction()])
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == 1)
        await kafka.produce([transaction()] * 200)
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == 201)
        await eventually(kafka.committed, lambda c: c == {0: 201})


def told_in_slack(kafka: Kafka, url: str, interval: float = 0.05) -> None:
    alerting_file(
        kafka,
        {"type": "slack", "name": "slack"},
        group={"reason": False, "wait": "0s"},
        budget="100000/h",
    )
    kafka.settings |= posting_to(url, interval=interval)


async def receiver_of(*workers: Worker) -> dict[str, Any]:
    """What the worker that has the log of alerts says of the receiver."""
    for worker in workers:
        incidents = (await stats_of(worker)).get("incidents")
        if incidents:
            found: dict[str, Any] = incidents["receivers"]["slack"]
            return found
    return {}


def is_refused(receiver: dict[str, Any]) -> bool:
    """Whether what waits does so since Slack has answered with an HTTP 503."""
    return "503" in (receiver.get("waits_for") or "")


async def test_alerts_reach_slack_through_its_rate_limit(kafka: Kafka) -> None:
    with slack_server() as slack:
        slack.answers = ["429", "503"]
        slack.retry_after = "1"
        told_in_slack(kafka, slack.url)
        async with kafka.worker() as worker:
            values = [transaction(9_999.0 + i, "casino", entity=f"card-{i}") for i in range(5)]
            await kafka.produce(values)
            found = await eventually(
                lambda: receiver_of(worker),
                lambda r: r.get("sent") == len(values) and r["waiting"] == 0,
            )
            log = worker.log.read_text()
        assert found["attempts"] >= 7
        assert len(slack.posted) == len(slack.shown) == len(values)
        assert {m["channel"] for m in slack.posted} == {"#fraud"}
        assert "card-" in slack.posted[0]["text"]
        assert TOKEN not in log


async def test_alerts_that_wait_for_slack_survive_a_rebalance(kafka: Kafka) -> None:
    with slack_server() as slack:
        slack.answers = ["503"] * 10_000
        told_in_slack(kafka, slack.url)
        values = [transaction(9_999.0 + i, "casino", id=i, entity=f"card-{i}") for i in range(40)]
        async with kafka.worker() as first:
            await kafka.produce(values)
            await eventually(
                lambda: receiver_of(first), lambda r: is_refused(r) and r["waiting"] == 40
            )
            async with kafka.worker() as second:
                slack.answers = []
                await eventually(lambda: len(slack.posted), lambda posted: posted >= len(values))
                # For a moment, nobody may have the log of alerts.
                await eventually(
                    lambda: receiver_of(first, second), lambda r: r.get("waiting") == 0
                )
    assert len(slack.shown) == len(slack.posted) == len(values)


async def test_a_slack_that_is_down_holds_up_neither_scoring_nor_the_stop(kafka: Kafka) -> None:
    with slack_server() as slack:
        slack.answers = ["503"] * 10_000
        told_in_slack(kafka, slack.url, interval=1)
        anomalous = [transaction(9_999.0, "casino", entity=f"card-{i % 30}") for i in range(300)]
        async with kafka.worker() as worker:
            await kafka.produce(anomalous)
            await kafka.produce(transactions(2_000))
            await eventually(lambda: stats_of(worker), lambda s: s["events"] == 2_300)
            await eventually(lambda: receiver_of(worker), is_refused)
            begin = asyncio.get_running_loop().time()
            worker.stop()
            took = asyncio.get_running_loop().time() - begin
        assert took < 10.0
        assert slack.posted == []
        # What waited is told by the next worker.
        slack.answers = []
        kafka.settings |= posting_to(slack.url, interval=0)
        async with kafka.worker():
            await eventually(lambda: len(slack.shown), lambda shown: shown >= 30)
