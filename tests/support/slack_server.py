"""A local server that speaks Slack's protocols: the Web API, file uploads, Socket Mode, presses.

It keeps the rules that Slack documents, and fails where it is told to.
"""

import asyncio
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from tests.support.local_server import local_server
from tests.support.slack_blocks import faults_in_blocks, faults_in_view, is_too_long
from tests.support.slack_people import People
from tests.support.slack_sockets import Sockets

TOKEN = "xoxb-of-the-tests"  # noqa: S105
APP_TOKEN = "xapp-of-the-tests"  # noqa: S105
SECRET = "signing-secret-of-the-tests"  # noqa: S105
CHANNEL, BOT = "C0000FRAUD", "B0000000APP"
"""The id of the channel ``#fraud``, and that of the app itself."""

SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "users.conversations": "channels:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}

Json = dict[str, Any]
Answer = TypeVar("Answer")


def posting_to(url: str, *, interval: float) -> dict[str, str]:
    """Environment of a worker that alerts through the server at this address."""
    return {
        "SLACK_API_TOKEN": TOKEN,
        "SLACK_CHANNEL": "#fraud",
        "ANOMALY_SLACK_URL": url,
        "ANOMALY_SLACK_INTERVAL": str(interval),
    }


class Refusal(Exception):
    """One of Slack's error words, and what it adds."""

    def __init__(self, error: str, *messages: str, needed: str | None = None) -> None:
        super().__init__(error)
        self.answer: Json = {"ok": False, "error": error}
        if messages:
            self.answer["response_metadata"] = {"messages": [f"[ERROR] {m}" for m in messages]}
        if needed is not None:
            self.answer["needed"] = needed


@dataclass
class SlackServer:
    """What the server got, and what it shall answer.

    `faults` of a method, such as ``chat.update``, are given one by one, then every call is
    served; `answers` are those of ``chat.postMessage``. A fault is

    - one of Slack's error words, or ``"nothing"``: an answer that is ok and says nothing;
    - ``"429"`` with `retry_after`, an HTTP status such as ``"503"``, or ``"not json"``;
    - ``"reset"``: the connection breaks off, and nothing is done;
    - ``"lost"``, ``"lost 503"``: it is done, but the answer is lost;
    - ``"slow 2"``: it is done, and answered after two seconds; ``"late 2"``: done after them.
    """

    url: str = ""
    retry_after: str = "1"
    answers: list[str] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    posted: list[Json] = field(default_factory=list)
    """What was posted, as it was sent."""
    attempts: list[float] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """Methods, in the order in which they were called."""
    messages: list[Json] = field(default_factory=list)
    """What the channel shows, with what it was edited to."""
    files: dict[str, bytes] = field(default_factory=dict)
    complete: dict[str, float] = field(default_factory=dict)
    """When the upload of a file was complete."""
    processing: float = 0.0
    """Seconds until a picture that was uploaded can be shown."""
    ephemerals: list[Json] = field(default_factory=list)
    views: dict[str, Json] = field(default_factory=dict)
    scopes: set[str] = field(default_factory=lambda: set(SCOPES.values()))
    posts_per_second: float | None = None
    updates_per_minute: int | None = None
    has_tables: bool = True
    limited: int = 0
    """Calls that were answered with 429 since they were too many."""
    sockets: Sockets = field(default_factory=Sockets)
    people: People = field(init=False)
    loop: asyncio.AbstractEventLoop | None = None

    def __post_init__(self) -> None:
        self.people = People(self.sockets, SECRET)
        self._last_ts = 0
        self._recent: dict[str, deque[float]] = defaultdict(deque)

    @property
    def shown(self) -> list[Json]:
        """The messages that are no replies."""
        return [m for m in self.messages if "thread_ts" not in m]

    @property
    def replies(self) -> list[Json]:
        return [m for m in self.messages if "thread_ts" in m]

    def delete(self, ts: str) -> None:
        """Delete a message, as a person may do."""
        self.messages = [m for m in self.messages if m["ts"] != ts]

    def run(self, coroutine: Coroutine[Any, Any, Answer]) -> Awaitable[Answer]:
        """Run something in the server's own event loop."""
        assert self.loop is not None
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self.loop))

    async def press(
        self, message: Json, action: str, *, user: str = "ada", via: str = "socket", again: int = 0
    ) -> Any:
        """Press a button of a message; give how that was delivered.

        `via` is ``socket`` or the URL of an endpoint; `again` says how often an envelope that is
        not acknowledged is delivered again.
        """
        return await self.run(self.people.press(message, action, user=user, via=via, again=again))

    async def submit(
        self, view: Json, values: Json, *, user: str = "ada", via: str = "socket", again: int = 0
    ) -> Any:
        """Submit a modal with what a person has put into it."""
        return await self.run(self.people.submit(view, values, user=user, via=via, again=again))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of the Web API."""
        method = request.match_info["method"]
        self.calls.append(method)
        faults = self.answers if method == "chat.postMessage" else self.faults[method]
        if method == "chat.postMessage":
            self.attempts.append(asyncio.get_running_loop().time())
        arguments = await _arguments(request)
        fault, _, detail = (faults.pop(0) if faults else "ok").partition(" ")
        if fault == "late":
            await asyncio.sleep(float(detail))
        if fault == "reset":
            return _broken_off(request)
        if fault not in {"ok", "lost", "slow", "late"}:
            return self._failed(fault, detail)
        answer = self._done(method, request, arguments)
        if fault == "slow":
            await asyncio.sleep(float(detail))
        if fault == "lost":
            return web.Response(status=int(detail)) if detail else _broken_off(request)
        return answer

    async def fail(self, request: web.Request) -> web.Response:
        """Take the faults of a method, in place of those that it had."""
        method, faults = request.match_info["method"], await request.json()
        (self.answers if method == "chat.postMessage" else self.faults[method])[:] = faults
        return web.Response()

    def _failed(self, fault: str, detail: str) -> web.Response:
        if fault == "429":
            return self._too_many(self.retry_after)
        if fault.isdigit():
            return web.Response(status=int(fault), text="upstream failure")
        if fault == "nothing":
            return web.json_response({"ok": True})
        if (fault, detail) == ("not", "json"):
            return web.Response(text="<html>maintenance</html>", content_type="text/html")
        return web.json_response({"ok": False, "error": fault})

    def _too_many(self, retry_after: str) -> web.Response:
        return web.json_response(
            {"ok": False, "error": "ratelimited"},
            status=429,
            headers={"Retry-After": retry_after},
        )

    def _done(self, method: str, request: web.Request, arguments: Json) -> web.Response:
        try:
            self._check_token(method, request)
            if self._is_too_often(method):
                self.limited += 1
                return self._too_many("1")
            return web.json_response({"ok": True} | METHODS[method](self, arguments))
        except Refusal as refusal:
            return web.json_response(refusal.answer)

    def _check_token(self, method: str, request: web.Request) -> None:
        token = APP_TOKEN if method == "apps.connections.open" else TOKEN
        if request.headers.get("Authorization") != f"Bearer {token}":
            raise Refusal("invalid_auth")
        needed = SCOPES.get(method)
        if needed is not None and needed not in self.scopes:
            raise Refusal("missing_scope", needed=needed)

    def _is_too_often(self, method: str) -> bool:
        limits = {
            "chat.postMessage": (self.posts_per_second, 1.0),
            "chat.update": (self.updates_per_minute, 60.0),
        }
        most, period = limits.get(method, (None, 0.0))
        if most is None:
            return False
        recent, now = self._recent[method], time.monotonic()
        while recent and recent[0] < now - period:
            recent.popleft()
        if len(recent) >= most:
            return True
        recent.append(now)
        return False

    def _post(self, arguments: Json) -> Json:
        channel = _channel(arguments)
        self._check(arguments)
        thread = arguments.get("thread_ts")
        if thread is not None and not any(m["ts"] == thread for m in self.messages):
            raise Refusal("thread_not_found")
        self.posted.append(arguments)
        self._last_ts = max(self._last_ts + 1, int(time.time() * 1e6))
        ts = f"{self._last_ts // 10**6}.{self._last_ts % 10**6:06d}"
        kept = {k: v for k, v in arguments.items() if k not in {"channel", "parse"}}
        message = {"type": "message", "ts": ts, "channel": channel, "bot_id": BOT, **kept}
        self.messages.append(message)
        return {"channel": channel, "ts": ts, "message": message}

    def _update(self, arguments: Json) -> Json:
        if re.fullmatch(r"[CGD][A-Z0-9]{8,}", arguments["channel"]) is None:
            raise Refusal("channel_not_found")
        found = [m for m in self.messages if m["ts"] == arguments["ts"]]
        if not found or found[0]["channel"] != arguments["channel"]:
            raise Refusal("message_not_found")
        if found[0]["bot_id"] != BOT:
            raise Refusal("cant_update_message")
        self._check(arguments)
        for name in ("text", "blocks", "metadata"):
            if name in arguments:
                found[0][name] = arguments[name]
        found[0]["edits"] = found[0].get("edits", 0) + 1
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def _check(self, arguments: Json) -> None:
        blocks = arguments.get("blocks", [])
        if not blocks and not arguments.get("text"):
            raise Refusal("no_text")
        if faults := faults_in_blocks(blocks, is_ready=self.is_ready):
            raise Refusal("invalid_blocks", *faults)
        if not self.has_tables and any(block["type"] == "table" for block in blocks):
            raise Refusal("invalid_blocks", "unsupported type: table")
        if is_too_long(blocks):
            raise Refusal("msg_blocks_too_long")
        if len(arguments.get("text", "")) > 40_000:
            raise Refusal("msg_too_long")
        if (metadata := arguments.get("metadata")) is not None:
            payload = metadata.get("event_payload")
            if not re.fullmatch(r"\w+", metadata.get("event_type", "")) or not payload:
                raise Refusal("invalid_metadata_format")
            if len(json.dumps(payload)) > 8_000:
                raise Refusal("metadata_too_large")

    def is_ready(self, file: str) -> bool:
        """Whether a picture can be shown."""
        at = self.complete.get(file)
        return at is not None and time.monotonic() >= at + self.processing

    def _ephemeral(self, arguments: Json) -> Json:
        self.ephemerals.append(arguments)
        return {"message_ts": "1.000001"}

    def _history(self, arguments: Json) -> Json:
        channel = _channel(arguments, is_id=True)
        kept = [
            m
            for m in reversed(self.messages)
            if m["channel"] == channel and ("thread_ts" not in m or m.get("reply_broadcast"))
        ]
        return _page(kept, arguments, most=999, default=100)

    def _replies(self, arguments: Json) -> Json:
        _channel(arguments, is_id=True)
        ts = arguments["ts"]
        kept = [m for m in self.messages if ts in {m["ts"], m.get("thread_ts")}]
        if not kept:
            raise Refusal("thread_not_found")
        return _page(kept, arguments, most=1_000, default=1_000)

    def _conversations(self, arguments: Json) -> Json:
        first = not arguments.get("cursor")
        channel = (
            {"id": "C0000OTHER", "name": "other"} if first else {"id": CHANNEL, "name": "fraud"}
        )
        return {"channels": [channel], "response_metadata": {"next_cursor": "2" if first else ""}}

    def _upload_url(self, arguments: Json) -> Json:
        file = f"F{len(self.files) + 1:08d}"
        self.files[file] = b""
        return {"file_id": file, "upload_url": f"{self.url.removesuffix('api/')}upload/{file}"}

    def _complete(self, arguments: Json) -> Json:
        files = arguments["files"]
        for file in files:
            if not self.files.get(file["id"]):
                raise Refusal("file_not_found")
            self.complete[file["id"]] = time.monotonic()
        return {"files": files}

    def _auth(self, _: Json) -> Json:
        return {"user_id": "U0000000APP", "bot_id": BOT, "team_id": "T0000001"}

    def _connections(self, _: Json) -> Json:
        return {"url": self.sockets.new_url(self.url)}

    def _open_view(self, arguments: Json) -> Json:
        view = arguments["view"]
        if not self.people.takes_trigger(arguments["trigger_id"]):
            raise Refusal("expired_trigger_id")
        if faults := faults_in_view(view):
            raise Refusal("invalid_arguments", *faults)
        opened = {"id": f"V{len(self.views) + 1:08d}", **view}
        self.views[opened["id"]] = opened
        return {"view": opened}

    async def upload(self, request: web.Request) -> web.Response:
        """Take the bytes of a file."""
        self.files[request.match_info["file"]] = await request.read()
        return web.Response(text=f"OK - {len(self.files[request.match_info['file']])}")


METHODS: dict[str, Callable[[SlackServer, Json], Json]] = {
    "chat.postMessage": SlackServer._post,
    "chat.postEphemeral": SlackServer._ephemeral,
    "chat.update": SlackServer._update,
    "conversations.history": SlackServer._history,
    "conversations.replies": SlackServer._replies,
    "users.conversations": SlackServer._conversations,
    "files.getUploadURLExternal": SlackServer._upload_url,
    "files.completeUploadExternal": SlackServer._complete,
    "auth.test": SlackServer._auth,
    "apps.connections.open": SlackServer._connections,
    "views.open": SlackServer._open_view,
}


async def _arguments(request: web.Request) -> Json:
    if request.content_type == "application/json":
        return {k: v for k, v in (await request.json()).items() if v is not None}
    given = {**request.query, **(await request.post())}
    return {k: json.loads(v) if k in {"files", "view"} else v for k, v in given.items()}  # type: ignore[arg-type]


def _channel(arguments: Json, *, is_id: bool = False) -> str:
    given = arguments.get("channel")
    if given == CHANNEL or (not is_id and given in {"#fraud", "fraud"}):
        return CHANNEL
    raise Refusal("channel_not_found")


def _is_set(arguments: Json, name: str) -> bool:
    return str(arguments.get(name, "")).lower() in {"1", "true"}


def _page(messages: list[Json], arguments: Json, *, most: int, default: int) -> Json:
    oldest, latest = float(arguments.get("oldest", 0)), float(arguments.get("latest", 1e12))
    inside = [m for m in messages if oldest < float(m["ts"]) < latest]
    if _is_set(arguments, "inclusive"):
        inside = [m for m in messages if oldest <= float(m["ts"]) <= latest]
    begin, size = int(arguments.get("cursor") or 0), min(int(arguments.get("limit", default)), most)
    shown = [{**m} for m in inside[begin : begin + size]]
    if not _is_set(arguments, "include_all_metadata"):
        for message in shown:
            message.pop("metadata", None)
    more = begin + size < len(inside)
    cursor = {"response_metadata": {"next_cursor": str(begin + size)}} if more else {}
    return {"messages": shown, "has_more": more} | cursor


def _broken_off(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@contextmanager
def slack_server(port: int = 0, server: SlackServer | None = None) -> Iterator[SlackServer]:
    """Run a server in a thread of its own; a port of 0 takes a free one."""
    server = server or SlackServer()

    async def begin(_: web.Application) -> None:
        server.loop = asyncio.get_running_loop()

    async def end(_: web.Application) -> None:
        await server.sockets.close()

    app = web.Application(client_max_size=16 * 2**20)
    app.router.add_route("*", "/api/{method}", server.serve)
    app.router.add_post("/faults/{method}", server.fail)
    app.router.add_post("/upload/{file}", server.upload)
    app.router.add_get("/link/", server.sockets.connect)
    app.on_startup.append(begin)
    app.on_shutdown.append(end)
    with local_server(app, port) as address:
        server.url = f"{address}/api/"
        yield server
