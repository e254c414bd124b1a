"""Every anomaly is alerted on or visibly waits, and scoring does not wait for it."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.processes import free_port
from harness.workers import Worker
from tests.support.accounts import settle
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.slack_server import SlackServer, posting_to, slack_server
from tests.support.traffic import mixed, send_steadily, transactions
from tests.support.waiting import elapse, eventually, unchanged

pytestmark = pytest.mark.broker

DOWN = 60.0
"""Seconds that Slack is away."""


def alerted_on(slack: SlackServer) -> list[str]:
    """Ids of the anomalies that messages were taken for."""
    places = [
        re.search(r"(\S+) partition (\d+) offset (\d+)$", message["text"])
        for message in slack.posted
    ]
    return ["-".join(place.groups()) for place in places if place]


async def test_a_slack_that_is_down_and_then_slow_gets_every_alert_in_the_end(
    kafka: Kafka, measured: Callable[[str], None]
) -> None:
    port = free_port()
    environment = posting_to(f"http://127.0.0.1:{port}/api/", interval=0.02)
    values = mixed(10_000)
    async with kafka.worker(**environment) as worker:
        begin = time.monotonic()
        await send_steadily(kafka, values, per_second=400)
        stats = await eventually(
            lambda: stats_of(worker), lambda s: s["events"] == len(values), patience=5.0
        )
        assert stats["latency_seconds"]["p99"] < 1.0
        assert stats["alerts"] == {}
        assert "cannot be reached" in stats["alerts_wait_for"]
        await elapse(begin + DOWN - time.monotonic())
        with slack_server(port) as slack:
            slack.answers = ["429", "429", "ok", "429", "503", "not json"]
            slack.retry_after = "2"
            account = await settle(kafka)
            await eventually(
                lambda: stats_of(worker),
                lambda s: s["alerts"] == {"sent": len(account.expected)},
            )
            took = time.monotonic() - begin - DOWN
            stats = await stats_of(worker)
    account.check()
    assert len(account.expected) > 100
    assert stats["alerts_wait_for"] is None
    assert sorted(alerted_on(slack)) == sorted(account.expected)
    measured(f"{len(slack.posted)} alerts, the last {took:.0f} s after Slack came back")


async def partitions_of(worker: Worker) -> list[dict[str, Any]]:
    partitions: list[dict[str, Any]] = (await stats_of(worker))["partitions"]
    return partitions


async def test_thousands_of_alerts_that_wait_do_not_hold_up_scoring(kafka: Kafka) -> None:
    environment = posting_to(f"http://127.0.0.1:{free_port()}/api/", interval=1)
    anomalous = [transaction(9_999.0 + i, "casino", id=i) for i in range(20_000)]
    async with kafka.worker(**environment) as worker:
        await kafka.produce(anomalous)
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == len(anomalous))
        # All that can be fetched has been, and waits in memory.
        await unchanged(lambda: partitions_of(worker), seconds=3.0)
        begin = time.monotonic()
        await kafka.produce(transactions(5_000))
        stats = await eventually(lambda: stats_of(worker), lambda s: s["events"] == 25_000)
        assert time.monotonic() - begin < 10.0
        assert stats["alerts"] == {}
        waiting = [p["lag"] for p in stats["partitions"] if p["topic"] == kafka.anomalies]
        assert len(waiting) == kafka.partitions
