"""Every anomaly is in an incident that is told or visibly waits, and scoring waits for nobody."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.processes import free_port
from harness.workers import Worker
from tests.support.accounts import settle
from tests.support.alerts import alerting_file
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.slack_server import posting_to, slack_server
from tests.support.traffic import mixed, send_steadily, transactions
from tests.support.waiting import elapse, eventually, unchanged

pytestmark = pytest.mark.broker

DOWN = 60.0
"""Seconds that Slack is away."""


def tell_slack(kafka: Kafka, url: str, interval: float = 0.02) -> None:
    """Let each entity be an incident that is told at once."""
    alerting_file(
        kafka,
        {"type": "slack", "name": "slack"},
        group={"reason": False, "wait": "0s"},
        budget="100000/h",
        regime={"share": 1.0, "entities": 100_000},
    )
    kafka.settings |= posting_to(url, interval=interval)


async def incidents_of(*workers: Worker) -> dict[str, Any]:
    """What the worker that has the log of alerts says of incidents."""
    for worker in workers:
        found: dict[str, Any] | None = (await stats_of(worker)).get("incidents")
        if found:
            return found
    return {}


async def test_a_slack_that_is_down_and_then_slow_gets_every_incident_in_the_end(
    kafka: Kafka, measured: Callable[[str], None]
) -> None:
    port = free_port()
    tell_slack(kafka, f"http://127.0.0.1:{port}/api/")
    values = mixed(10_000)
    async with kafka.worker() as worker:
        begin = time.monotonic()
        await send_steadily(kafka, values, per_second=400)
        stats = await eventually(
            lambda: stats_of(worker), lambda s: s["events"] == len(values), patience=5.0
        )
        assert stats["latency_seconds"]["p99"] < 1.0
        found = await eventually(
            lambda: incidents_of(worker),
            lambda i: i and "cannot be reached" in (i["receivers"]["slack"]["waits_for"] or ""),
        )
        assert found["receivers"]["slack"]["sent"] == 0
        await elapse(begin + DOWN - time.monotonic())
        with slack_server(port) as slack:
            slack.answers = ["429", "429", "ok", "429", "503", "not json"]
            slack.retry_after = "2"
            account = await settle(kafka)
            await eventually(
                lambda: stats_of(worker),
                lambda s: s["alerts"] == {"taken": len(account.expected)},
            )
            found = await eventually(
                lambda: incidents_of(worker),
                lambda i: i and i["receivers"]["slack"]["waiting"] == 0,
            )
            took = time.monotonic() - begin - DOWN
    account.check()
    assert len(account.expected) > 100
    assert found["receivers"]["slack"]["waits_for"] is None
    assert len(slack.shown) == found["known"]
    measured(f"{len(slack.shown)} incidents, the last {took:.0f} s after Slack came back")


async def partitions_of(worker: Worker) -> list[dict[str, Any]]:
    partitions: list[dict[str, Any]] = (await stats_of(worker))["partitions"]
    return partitions


async def test_thousands_of_alerts_that_wait_do_not_hold_up_scoring(kafka: Kafka) -> None:
    tell_slack(kafka, f"http://127.0.0.1:{free_port()}/api/", interval=1)
    anomalous = [
        transaction(9_999.0 + i, "casino", id=i, entity=f"card-{i % 1_500}") for i in range(20_000)
    ]
    async with kafka.worker() as worker:
        await kafka.produce(anomalous)
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == len(anomalous))
        await eventually(
            lambda: incidents_of(worker),
            lambda i: i and i["receivers"]["slack"]["waiting"] == 1_500,
        )
        await unchanged(lambda: partitions_of(worker), seconds=1.0)
        begin = time.monotonic()
        await kafka.produce(transactions(5_000))
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == 25_000)
        assert time.monotonic() - begin < 10.0
        found = await incidents_of(worker)
    assert found["receivers"]["slack"]["sent"] == 0
    assert found["receivers"]["slack"]["oldest_seconds"] > 0
