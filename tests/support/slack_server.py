"""A local server that speaks Slack's ``chat.postMessage``, its rate limit and its errors."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.local_server import local_server

TOKEN = "xoxb-of-the-tests"  # noqa: S105


def posting_to(url: str, *, interval: float) -> dict[str, str]:
    """Environment of a worker that alerts through the server at this address."""
    return {
        "SLACK_API_TOKEN": TOKEN,
        "SLACK_CHANNEL": "#fraud",
        "ANOMALY_SLACK_URL": url,
        "ANOMALY_SLACK_INTERVAL": str(interval),
    }


@dataclass
class SlackServer:
    """What the server got, and what it shall answer.

    `answers` are given one by one, then every message is taken: ``"429"`` with `retry_after`,
    an HTTP status such as ``"503"``, ``"not json"``, or one of Slack's error words.
    """

    url: str = ""
    retry_after: str = "1"
    answers: list[str] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[float] = field(default_factory=list)

    async def post_message(self, request: web.Request) -> web.Response:
        self.attempts.append(asyncio.get_running_loop().time())
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        answer = self.answers.pop(0) if self.answers else "ok"
        if answer == "429":
            return web.json_response(
                {"ok": False, "error": "ratelimited"},
                status=429,
                headers={"Retry-After": self.retry_after},
            )
        if answer.isdigit():
            return web.Response(status=int(answer), text="upstream failure")
        if answer == "not json":
            return web.Response(text="<html>maintenance</html>", content_type="text/html")
        if answer != "ok":
            return web.json_response({"ok": False, "error": answer})
        message = await request.json()
        self.posted.append(message)
        return web.json_response({"ok": True, "channel": message["channel"], "ts": "1.0"})


@contextmanager
def slack_server(port: int = 0) -> Iterator[SlackServer]:
    """Run the server in a thread of its own; a port of 0 takes a free one."""
    server = SlackServer()
    app = web.Application()
    app.router.add_post("/api/chat.postMessage", server.post_message)
    with local_server(app, port) as address:
        server.url = f"{address}/api/"
        yield server
