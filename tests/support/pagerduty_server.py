"""A local server that speaks PagerDuty's Events API v2: its checks, its limits, and its alerts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.support.local_server import local_server

ROUTING_KEY = "0123456789abcdef0123456789ABCDEF"

LARGEST = 512 * 1024
"""Bytes of an event."""


@dataclass
class PagerDutyServer:
    """What the server has taken.

    `answers` are given first, one by one: a status, or ``"lost"``, after which the event is taken
    and the answer is not given.
    """

    url: str = ""
    answers: list[int | str] = field(default_factory=list)
    retry_after: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)
    """State by key: ``triggered``, ``acknowledged``, ``resolved``."""
    pages: list[str] = field(default_factory=list)
    """Summaries of those alerts that called somebody."""

    async def enqueue(self, request: web.Request) -> web.Response:
        event = await request.json()
        status = self.answers.pop(0) if self.answers else 202
        if isinstance(status, int) and status != 202:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.json_response(
                {"status": "error", "message": f"key {event['routing_key']}"},
                status=status,
                headers=headers,
            )
        if errors := mistakes_in(event, len(await request.read())):
            return web.json_response(
                {"status": "invalid event", "message": "Event object is invalid", "errors": errors},
                status=400,
            )
        self.events.append(event)
        self._apply(event["event_action"], event["dedup_key"], event)
        if status == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(
            {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]},
            status=202,
        )

    def _apply(self, action: str, key: str, event: dict[str, Any]) -> None:
        is_known = self.alerts.get(key, "resolved") != "resolved"
        if action == "trigger" and not is_known:
            self.alerts[key] = "triggered"
            self.pages.append(event["payload"]["summary"])
        elif action != "trigger" and is_known:
            self.alerts[key] = {"acknowledge": "acknowledged", "resolve": "resolved"}[action]


def mistakes_in(event: dict[str, Any], size: int) -> list[str]:
    """Check an event by PagerDuty's documentation."""
    wrong = []
    if size > LARGEST:
        wrong.append("the event is too large")
    if event.get("routing_key") != ROUTING_KEY:
        wrong.append("'routing_key' is invalid")
    if event.get("event_action") not in {"trigger", "acknowledge", "resolve"}:
        wrong.append("'event_action' is invalid")
    key = event.get("dedup_key", "")
    if not isinstance(key, str) or len(key) > 255:
        wrong.append("'dedup_key' is too long")
    if event.get("event_action") == "trigger":
        payload = event.get("payload", {})
        wrong += [
            f"'payload.{name}' is missing or blank"
            for name in ("summary", "source", "severity")
            if not isinstance(payload.get(name), str) or not payload[name].strip()
        ]
        if len(payload.get("summary", "")) > 1_024:
            wrong.append("'payload.summary' is too long")
        if payload.get("severity") not in {"critical", "error", "warning", "info"}:
            wrong.append("'payload.severity' is invalid")
        datetime.fromisoformat(payload["timestamp"])
    return wrong


@contextmanager
def pagerduty_server(
    port: int = 0, server: PagerDutyServer | None = None
) -> Iterator[PagerDutyServer]:
    """Run a server in a thread of its own; a port of 0 takes a free one."""
    server = server or PagerDutyServer()
    app = web.Application(client_max_size=LARGEST * 2)
    app.router.add_post("/v2/enqueue", server.enqueue)
    with local_server(app, port) as address:
        server.url = f"{address}/v2/enqueue"
        yield server
