"""Workers, Slack and PagerDuty are killed in turn: no incident is lost, and none is told twice.

By default a minute of it; at full size with ``make proof-alerts``.
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.support.alert_accounts import TOKEN, AlertAccount, anomalies_in, incidents_of
from tests.support.alert_trouble import AlertTrouble, PagerDuty
from tests.support.alerts import alerting_file
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.pagerduty_server import ROUTING_KEY
from tests.support.slack_process import SlackProcess
from tests.support.slack_server import posting_to
from tests.support.supervisor import Supervisor, supervised
from tests.support.trouble import Trouble
from tests.support.waiting import elapse, eventually, unchanged

pytestmark = pytest.mark.broker

SECONDS = float(os.environ.get("ALERTS_SECONDS", "60"))
"""For which there is trouble."""

CARDS = int(os.environ.get("ALERTS_CARDS", "120"))
"""Entities that turn odd, one after the other, in that time."""

LONG = 300.0
"""Seconds from which on everything that can happen has to: in a minute there may be no moment."""

WORKERS = int(os.environ.get("ALERTS_WORKERS", "2"))

LATER = (8.0, max(SECONDS / 15, 16.0))
"""Seconds after which some of them are odd again: once, and so often that people are told."""

AGAIN = 5

ORDINARY = 20
"""Transactions of others that come with each that is odd."""

CATCH_UP = 240.0
"""Seconds that workers may take for what is left when nothing is killed any more."""

BETWEEN_LINES = 30.0
"""Seconds between two lines of progress."""


class Turn(NamedTuple):
    """An entity turns odd, or is so again."""

    at: float
    """Seconds after the begin."""
    card: str
    odd: int


def turns() -> list[Turn]:
    """Spread what happens over the time: of three cards, one is odd once, one again and again."""
    found = []
    for n in range(CARDS):
        card, at = f"card-{n}", SECONDS * n / CARDS
        found.append(Turn(at, card, 1))
        found += [Turn(at + LATER[0], card, 1)] if n % 3 else []
        found += [Turn(at + LATER[1], card, AGAIN)] if n % 3 == 2 else []
    return sorted(found)


async def produce_in_turn(kafka: Kafka) -> int:
    """Produce all turns, each at its time; return how many transactions are odd."""
    begin = time.monotonic()
    for number, (at, card, times) in enumerate(turns()):
        await elapse(max(begin + at - time.monotonic(), 0.0))
        odd = [transaction(9_999.0 + n, "casino", entity=card, n=number) for n in range(times)]
        ordinary = [transaction(entity=f"ordinary-{n}") for n in range(ORDINARY)]
        key = card.encode()
        await kafka.produce([*odd, *ordinary], keys=lambda _, key=key: key)  # type: ignore[misc]
    return sum(turn.odd for turn in turns())


def tell_both(kafka: Kafka, slack: SlackProcess, pagerduty: PagerDuty) -> None:
    """Let each entity be an incident that both are told of at once."""
    alerting_file(
        kafka,
        {"type": "slack", "name": "slack"},
        {
            "type": "pagerduty",
            "name": "pagerduty",
            "url": pagerduty.url,
            "routing_key_env": "PAGERDUTY_KEY",
        },
        group={"reason": False, "wait": "0s"},
        budget="100000/h",
        regime={"share": 1.0, "entities": 100_000},
    )
    kafka.settings |= posting_to(slack.url, interval=0.1)
    kafka.settings |= {"PAGERDUTY_KEY": ROUTING_KEY, "ANOMALY_WEB_TOKEN": TOKEN}


async def waiting(supervisor: Supervisor) -> int | None:
    """How many notices wait; None if no worker has the log of alerts now."""
    for worker in supervisor.workers:
        if found := (await stats_of(worker)).get("incidents"):
            return sum(int(one["waiting"]) for one in found["receivers"].values())
    return None


async def keep_saying(trouble: AlertTrouble, say: Callable[[str], None]) -> None:
    """Say how far it is, for ever."""
    while True:
        await elapse(BETWEEN_LINES)
        seconds = time.monotonic() - trouble.begin
        posts = len(trouble.slack.taken.shown)
        pages = len(trouble.pagerduty.server.pages)
        say(f"{seconds:.0f} s: {posts} posts, {pages} pages; {trouble}")


async def settled(
    kafka: Kafka, supervisor: Supervisor, slack: SlackProcess, pagerduty: PagerDuty, odd: int
) -> AlertAccount:
    """Wait until nothing waits, and until nothing more comes."""
    await eventually(kafka.lag, lambda lag: lag == 0, patience=CATCH_UP)
    anomalies = await anomalies_in(kafka)
    assert len(anomalies) == odd
    await eventually(
        lambda: incidents_of(*supervisor.workers),
        lambda found: sum(one["anomalies"] for one in found) == odd,
        patience=CATCH_UP,
    )
    # What is held back for some seconds waits for nothing, but comes.
    await unchanged(lambda: (len(slack.taken.messages), slack.taken.edits), seconds=10.0)
    await eventually(lambda: waiting(supervisor), lambda left: left == 0, patience=CATCH_UP)
    await unchanged(lambda: (len(slack.taken.messages), slack.taken.edits), seconds=10.0)
    incidents = await incidents_of(*supervisor.workers)
    return AlertAccount(anomalies, incidents, slack.taken, pagerduty.server)


async def test_whoever_dies_each_incident_is_told_once(
    kafka: Kafka, measured: Callable[[str], None], progress: Callable[[str], None]
) -> None:
    slack, pagerduty = SlackProcess(kafka.folder), PagerDuty()
    tell_both(kafka, slack, pagerduty)
    try:
        slack.start()
        pagerduty.start()
        async with supervised(kafka, WORKERS) as supervisor:
            trouble = AlertTrouble(Trouble(supervisor, kafka.folder), slack, pagerduty, SECONDS)
            saying = asyncio.create_task(keep_saying(trouble, progress))
            async with asyncio.TaskGroup() as stories:
                stories.create_task(trouble.for_workers())
                stories.create_task(trouble.for_slack())
                stories.create_task(trouble.for_pagerduty())
                stories.create_task(trouble.faults())
                producing = stories.create_task(produce_in_turn(kafka))
            await trouble.end()
            ended = time.monotonic()
            account = await settled(kafka, supervisor, slack, pagerduty, producing.result())
            saying.cancel()
            took = time.monotonic() - ended
    finally:
        slack.stop()
        pagerduty.stop()
    measured(f"{account}; {trouble}; settled {took:.0f} s after the last trouble")
    account.check()
    assert len(account.incidents) == CARDS
    # None has ended of itself, whatever happened to it.
    assert set(supervisor.exits) <= {0, -9}
    assert min(trouble.workers.kills, slack.outages, pagerduty.outages) >= 1
    if SECONDS >= LONG:
        assert trouble.workers.kills >= SECONDS / 30
        assert trouble.after_a_post >= 1
        assert trouble.workers.freezes >= 1
        assert min(slack.outages, pagerduty.outages) >= SECONDS / 40
        assert slack.taken.edits > CARDS / 4
        assert slack.taken.replies
