"""A group that is new begins where the settings say, and says so before."""

import pytest

from harness.workers import Worker
from tests.support.kafka import Kafka, counts_of
from tests.support.traffic import transactions
from tests.support.waiting import eventually, unchanged

pytestmark = pytest.mark.broker

OLD, NEW = transactions(600, seed=1), transactions(400, seed=2)
END = {"ANOMALY_NEW_GROUP_STARTS_AT": "end"}


async def settled(worker: Worker, count: int, again: int = 0) -> dict[str, int]:
    """Give a worker's counts when it has alerted on what it found, and on so many of before."""
    await eventually(
        lambda: counts_of(worker),
        lambda c: c["events"] >= count and c["alerts"] >= c["anomalies"] + again,
    )
    counts: dict[str, int] = await unchanged(lambda: counts_of(worker), seconds=1.0)
    return counts


async def judge(
    kafka: Kafka, count: int, again: int = 0, /, **environment: str
) -> tuple[dict[str, int], str]:
    """Run a worker until it has judged that many, and alerted; give its counts and its log."""
    async with kafka.worker(**environment) as worker:
        return await settled(worker, count, again), worker.log.read_text()


async def test_a_new_group_says_what_it_will_judge_and_alert_on_again_and_a_known_one_goes_on(
    kafka: Kafka,
) -> None:
    await kafka.produce_into_new_topics(OLD)
    first, log = await judge(kafka, len(OLD))
    to_skip = f"in {kafka.transactions}; to start at the end instead, stop the worker"
    assert to_skip in log, "there are no anomalies yet"
    # A group that is known goes on where it was, wherever new ones begin.
    await kafka.produce(NEW)
    second, log = await judge(kafka, len(NEW), **END)
    assert "is new" not in log
    assert second["events"] == len(NEW)
    both = {name: first[name] + second[name] for name in first}
    again, log = await judge(
        kafka, both["events"], both["anomalies"], ANOMALY_GROUP=f"{kafka.name}-again"
    )
    [line] = [line for line in log.splitlines() if "is new" in line]
    assert "WARNING" in line
    assert (
        f"group {kafka.name}-again is new: it will score up to {both['events']:,} records in "
        f"{kafka.transactions}, and alert again on up to {both['anomalies']} "
        f"anomalies in {kafka.anomalies}"
    ) in line
    assert again["events"] == len(OLD) + len(NEW)
    assert again["alerts"] > both["alerts"] > 5


async def test_a_new_group_may_begin_at_the_end_and_alerts_on_nothing_old(kafka: Kafka) -> None:
    await kafka.produce_into_new_topics(OLD)
    old, _ = await judge(kafka, len(OLD))
    async with kafka.worker(**END, ANOMALY_GROUP=f"{kafka.name}-end") as worker:
        await kafka.produce(NEW)
        counts = await settled(worker, len(NEW))
        [line] = [line for line in worker.log.read_text().splitlines() if "is new" in line]
    assert counts["events"] == len(NEW)
    assert counts["alerts"] == counts["anomalies"] > 3
    assert "INFO" in line
    skipped = f"{len(OLD)} in {kafka.transactions}, {old['anomalies']} in {kafka.anomalies}"
    assert f"({skipped})" in line
