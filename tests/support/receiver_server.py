"""Local servers of receivers: what was posted to them, and faults at every stage of a request."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiohttp import web

from tests.support.local_server import local_server

FAULTS = ("reset", "silent", "silent after headers", "endless", "cut")
"""What may happen instead of an answer: the connection is reset after the request, no answer comes,
its body does not, or never ends, or ends too soon."""


class Request(NamedTuple):
    """What was posted."""

    path: str
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ReceiverServer:
    """Takes any request.

    `answers` are given one by one, then each request is answered with 204: a status, a status with
    headers and a text, or one of `FAULTS`.
    """

    url: str = ""
    answers: list[int | str | tuple[int, dict[str, str], str]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Request(request.path_qs, headers, await request.read()))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, str):
            return await self._fail(request, answer)
        status, said, text = (answer, {}, "") if isinstance(answer, int) else answer
        return web.Response(status=status, headers=said, text=text)

    async def _fail(self, request: web.Request, fault: str) -> web.StreamResponse:
        assert request.transport is not None
        if fault == "reset":
            request.transport.abort()
            return web.Response()
        if fault == "silent":
            await _until_closed(request)
        response = web.StreamResponse(headers={"Content-Length": "100000000"})
        await response.prepare(request)
        while fault == "endless" and not request.transport.is_closing():
            await response.write(b"<html>" * 1_000)
        if fault == "cut":
            request.transport.abort()
        await _until_closed(request)
        return response


async def _until_closed(request: web.Request) -> None:
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110  # no event
        await asyncio.sleep(0.02)


@contextmanager
def receiver_server(tls: ssl.SSLContext | None = None) -> Iterator[ReceiverServer]:
    """Run the server in a thread of its own."""
    server = ReceiverServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.take)
    with local_server(app, tls=tls) as address:
        server.url = address
        yield server
