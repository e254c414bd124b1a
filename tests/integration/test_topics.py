"""Topics that others have made, and a topic that nobody has."""

import asyncio
from typing import Any

import pytest

from tests.support.accounts import settle
from tests.support.kafka import Kafka, stats_of
from tests.support.traffic import mixed
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("counts", [(7, 1, 3), (1, 3, 7)], ids=str)
async def test_topics_are_taken_with_the_partitions_that_they_have(
    kafka: Kafka, counts: tuple[int, int, int]
) -> None:
    names = (kafka.transactions, kafka.anomalies, kafka.dead_letters)
    await kafka.create_topics(dict(zip(names, counts, strict=True)))
    kafka.partitions = counts[0]
    values = mixed(2_000)

    def held(answers: list[dict[str, Any]]) -> list[int]:
        topics = [p["topic"] for stats in answers for p in stats["partitions"]]
        return [topics.count(name) for name in names[:2]]

    async with (
        kafka.worker(ANOMALY_PARTITIONS="4") as first,
        kafka.worker(ANOMALY_PARTITIONS="4") as second,
    ):
        await kafka.produce(values)
        await eventually(kafka.committed, lambda c: sum(c.values()) == len(values))
        await eventually(
            lambda: asyncio.gather(stats_of(first), stats_of(second)),
            lambda found: (
                sum(sum(s["alerts"].values()) for s in found) == sum(s["anomalies"] for s in found)
                # Each is somebody's, once.
                and held(found) == [*counts[:2]]
            ),
        )
        log = first.log.read_text()
    account = await settle(kafka)
    assert account.transactions == len(values)
    account.check()
    found = ", ".join(f"{name} {count}" for name, count in zip(names, counts, strict=True))
    assert f"partitions of the existing topics: {found}" in log


async def test_a_topic_with_a_misspelt_name_is_created_with_a_question(kafka: Kafka) -> None:
    misspelt = kafka.transactions.replace("transactions", "transacions")

    async def look() -> list[str]:
        await kafka.create_topics({kafka.transactions: 4})
        async with kafka.worker(ANOMALY_TRANSACTIONS_TOPIC=misspelt) as worker:
            return worker.log.read_text().splitlines()

    created = [line for line in await look() if "created topic" in line]
    [warning] = [line for line in created if "WARNING" in line]
    assert f"created topic {misspelt} with 4 partitions: nothing is scored until" in warning
    assert "ANOMALY_TRANSACTIONS_TOPIC sets its name" in warning
    assert f"did you mean the existing topic {kafka.transactions}?" in warning
    others = [line for line in created if "INFO" in line]
    topics = [
        *(kafka.anomalies, kafka.dead_letters, f"{kafka.name}-alerts", kafka.feedback),
        *(f"{kafka.name}-incidents", f"{kafka.name}-memory"),
    ]
    assert [topic in line for topic, line in zip(topics, others, strict=True)] == [True] * 6
