"""The server's side of Slack's Socket Mode: hello, envelopes, acknowledgements, disconnects."""

import asyncio
import itertools
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

MOST_CONNECTIONS = 10

Json = dict[str, Any]


@dataclass(eq=False)
class Connection:
    """One connection of an app."""

    socket: web.WebSocketResponse
    is_silent: bool = False
    """It is open, but nothing comes any more, not even an answer to a ping."""
    acknowledged: dict[str, "asyncio.Future[Json]"] = field(default_factory=dict)


@dataclass
class Sockets:
    """The connections of an app."""

    connections: list[Connection] = field(default_factory=list)
    opened: int = 0
    """How many there have been."""
    tickets: set[str] = field(default_factory=set)
    says_hello: bool = True
    most: int = MOST_CONNECTIONS
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    def new_url(self, url: str) -> str:
        """Give an address that can be connected to once."""
        ticket = uuid4().hex
        self.tickets.add(ticket)
        base = url.replace("http", "ws", 1).removesuffix("api/")
        return f"{base}link/?ticket={ticket}"

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection."""
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            return web.Response(status=403)
        self.tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False, max_msg_size=0, timeout=1.0)
        await socket.prepare(request)
        if len(self.connections) >= self.most:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            # The app closes it: two sides that close at once may leave a socket behind.
            async for _ in socket:
                pass
            return socket
        connection = Connection(socket)
        self.connections.append(connection)
        self.opened += 1
        if self.says_hello:
            await socket.send_json({"type": "hello", "num_connections": len(self.connections)})
        try:
            await self._receive(connection)
        finally:
            self.connections.remove(connection)
            for waiting in connection.acknowledged.values():
                waiting.cancel()
        return socket

    async def _receive(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.is_silent:
                continue
            if message.type == WSMsgType.PING:
                await connection.socket.pong(message.data)
            if message.type == WSMsgType.TEXT:
                said = json.loads(message.data)
                waiting = connection.acknowledged.get(said["envelope_id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(said.get("payload"))

    async def deliver(self, payload: Json, *, again: int, patience: float = 3.0) -> tuple[int, Any]:
        """Deliver a payload until it is acknowledged; give how often, and what was answered.

        The answer is `UNACKNOWLEDGED` if there was none. Slack takes the connections in turn.
        """
        envelope = {
            "envelope_id": str(uuid4()),
            "type": "interactive",
            "payload": payload,
            "accepts_response_payload": payload["type"] == "view_submission",
        }
        for attempt in range(again + 1):
            answer = await self._once(envelope | {"retry_attempt": attempt}, patience)
            if answer is not UNACKNOWLEDGED:
                return attempt + 1, answer
        return again + 1, UNACKNOWLEDGED

    async def _once(self, envelope: Json, patience: float) -> Any:
        if not self.connections:
            await asyncio.sleep(0.2)
            return UNACKNOWLEDGED
        connection = self.connections[next(self._turn) % len(self.connections)]
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        connection.acknowledged[envelope["envelope_id"]] = waiting
        try:
            if not connection.is_silent:
                await connection.socket.send_json(envelope)
            return await asyncio.wait_for(waiting, patience)
        except (TimeoutError, ConnectionError, asyncio.CancelledError):
            return UNACKNOWLEDGED

    async def say(self, text: str) -> None:
        """Say something to all connections."""
        for connection in [*self.connections]:
            with suppress(ConnectionError):
                await connection.socket.send_str(text)

    async def disconnect(self, reason: str, *, closes: bool = True) -> None:
        """Ask one connection to end, as Slack does every few hours."""
        for connection in self.connections[:1]:
            await connection.socket.send_json({"type": "disconnect", "reason": reason})
            if closes:
                await connection.socket.close()

    async def close(self) -> None:
        """Close all connections."""
        for connection in [*self.connections]:
            await connection.socket.close()


UNACKNOWLEDGED = object()
