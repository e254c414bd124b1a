"""What people were told, against the anomalies that a plain client reads from their topic."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from harness.processes import HOST
from harness.workers import Worker
from tests.support.kafka import Kafka
from tests.support.pagerduty_server import PagerDutyServer
from tests.support.slack_process import Journal

TOKEN = "open-sesame"  # noqa: S105
"""Of the workers' pages."""

Json = dict[str, Any]


async def page(worker: Worker, path: str) -> Any:
    """Ask a worker for a page with the token; None if it does not answer."""
    url, headers = f"http://{HOST}:{worker.port}{path}", {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with (
            ClientSession(headers=headers, timeout=ClientTimeout(total=10)) as session,
            session.get(url) as answer,
        ):
            return await answer.json() if answer.status == 200 else None
    except (ClientError, TimeoutError, OSError):
        return None


async def incidents_of(*workers: Worker) -> list[Json]:
    """Give all incidents with all that is shown of them; none if no worker can be asked."""
    for worker in workers:
        if found := await page(worker, "/incidents?status=all"):
            shown = [await page(worker, f"/incidents/{one['id']}") for one in found["incidents"]]
            return [one for one in shown if one is not None]
    return []


async def anomalies_in(kafka: Kafka) -> dict[str, str]:
    """Give the entity of each anomaly, by its id: a kill repeats some."""
    found = [json.loads(record.value) for record in await kafka.read_all(kafka.anomalies)]
    return {one["id"]: one["entity"] for one in found}


@dataclass
class AlertAccount:
    """What is known of anomalies, incidents and messages in the end.

    Parameters
    ----------
    anomalies
        Entity of each anomaly on the topic.
    incidents
        As the app shows them.
    slack
        What it has taken.
    pagerduty
        What it has taken.
    """

    anomalies: dict[str, str]
    incidents: list[Json]
    slack: Journal
    pagerduty: PagerDutyServer

    @property
    def names(self) -> set[str]:
        """The ids of the incidents."""
        return {one["id"] for one in self.incidents}

    @property
    def posts(self) -> "Counter[str]":
        """How many messages there are about each incident, by their metadata."""
        return Counter(_stamp(message)["notice"] for message in self.slack.shown)

    @property
    def lost(self) -> set[str]:
        """Incidents without a message."""
        return self.names - set(self.posts)

    @property
    def twice(self) -> dict[str, int]:
        """Incidents with more messages than one."""
        return {name: count for name, count in self.posts.items() if count > 1}

    @property
    def lines_twice(self) -> list[tuple[str, str]]:
        """What was said more than once in the thread of an incident."""
        replies = self.slack.replies
        said = Counter((_stamp(one)["notice"], line) for one in replies for line in _lines(one))
        return [line for line, count in said.items() if count > 1]

    @property
    def outdated(self) -> set[str]:
        """Incidents whose message does not show all of their anomalies."""
        shown = {_stamp(m)["notice"]: json.dumps(m["blocks"]) for m in self.slack.shown}
        return {
            one["id"]
            for one in self.incidents
            if one["anomalies"] > 1 and f'"{one["anomalies"]} anomalies"' not in shown[one["id"]]
        }

    def check(self) -> None:
        """Fail where anything is lost, told twice, or waits."""
        by_entity = Counter(self.anomalies.values())
        assert {one["entity"]: one["anomalies"] for one in self.incidents} == by_entity
        assert len(self.incidents) == len(by_entity)
        assert self.lost == set()
        assert self.twice == {}
        assert set(self.posts) == self.names
        assert {one["id"] for one in self.incidents if _waits(one)} == set()
        places = {_stamp(m)["notice"]: f"{m['channel']}:{m['ts']}" for m in self.slack.shown}
        assert {one["id"]: one["receivers"]["slack"]["reference"] for one in self.incidents} == (
            places
        )
        assert self.outdated == set()
        assert self.lines_twice == []
        self._check_pages()

    def _check_pages(self) -> None:
        keys = {
            # After the name of the consumer group.
            (event["payload"]["source"], event["dedup_key"].rpartition(".")[2])
            for event in self.pagerduty.events
        }
        assert keys == {(one["entity"], one["id"]) for one in self.incidents}
        assert len(self.pagerduty.pages) == len(self.incidents)

    def __str__(self) -> str:
        return (
            f"{len(self.anomalies)} anomalies, {len(self.incidents)} incidents, "
            f"{self.posts.total()} posts, {len(self.twice)} posted twice, {len(self.lost)} lost, "
            f"{self.slack.edits} edits, {len(self.slack.replies)} replies with "
            f"{len(self.lines_twice)} lines twice; PagerDuty: {len(self.pagerduty.events)} events, "
            f"{len(self.pagerduty.pages)} pages of {len(self.pagerduty.alerts)} keys"
        )


def _stamp(message: Json) -> Json:
    stamp: Json = message["metadata"]["event_payload"]
    return stamp


def _lines(reply: Json) -> list[str]:
    spans = [
        span
        for block in reply["blocks"]
        for section in block["elements"]
        for span in section["elements"]
    ]
    return [span["text"] for span in spans if span["text"].strip()]


def _waits(incident: Json) -> bool:
    return any(one["waits"] for one in incident["receivers"].values())
