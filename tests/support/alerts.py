"""Alerts of a test: who is told, quickly, and what they were told."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from aiohttp import ClientSession

from harness.workers import Worker
from tests.support.kafka import Kafka, stats_of

QUICK = {"wait": "1s", "interval": "2s", "repeat": "1h", "resolve_after": "1h"}


def alerting_file(kafka: Kafka, *receivers: dict[str, Any], **changes: Any) -> Path:
    """Write an ``alerting.yml`` for all workers of a test."""
    path = kafka.folder / "alerting.yml"
    group = {**QUICK, **changes.pop("group", {})}
    path.write_text(yaml.safe_dump({"receivers": [*receivers], "group": group, **changes}))
    kafka.settings["ANOMALY_ALERTING"] = str(path)
    return path


def told_in_a_file(kafka: Kafka, **changes: Any) -> Path:
    """Let people be told by lines in a file; return it."""
    path = kafka.folder / "told.jsonl"
    alerting_file(kafka, {"type": "log", "name": "file", "file": str(path)}, **changes)
    return path


def told(path: Path) -> list[dict[str, Any]]:
    """What was told in a file so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def opened(path: Path) -> "Counter[str]":
    """How often each incident was told as a new one, by its title."""
    found = [one for one in told(path) if one["type"] == "incident.opened"]
    return Counter(one["data"]["title"] for one in found)


async def owner_of(*workers: Worker) -> Worker | None:
    """The worker that has the log of alerts."""
    for worker in workers:
        if (await stats_of(worker)).get("incidents"):
            return worker
    return None


TOKEN = "open-sesame"  # noqa: S105


async def page(worker: Worker, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask for a page with the token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        ClientSession(headers=headers) as session,
        session.request(method, f"http://127.0.0.1:{worker.port}{path}", json=body) as response,
    ):
        return response.status, await response.json()
