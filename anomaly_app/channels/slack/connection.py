"""One connection of Socket Mode: envelopes in, acknowledgements out."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType

from anomaly_app.channels.slack.interactions import Acknowledgement

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 50
"""Envelopes that are handled at once; further ones are not acknowledged."""

LIFETIME = "lifetime"

ORDINARY_ENDS = frozenset({"warning", "refresh_requested", LIFETIME})
"""Reasons after which the next connection may begin at once."""


class Timing(NamedTuple):
    """Seconds."""

    heartbeat: float = 10.0
    """Between two pings; a connection that does not answer for half of it is dead."""
    hello: float = 10.0
    """Until Slack has to say hello."""
    lifetime: float = 3_600.0
    """After which a connection is replaced, whatever it looks like: some are open, but get
    nothing any more."""
    check: float = 60.0
    """Between two checks of the bot token."""
    finish: float = 3.0
    """That envelopes may still take when their connection is about to be closed."""


class _Envelope(msgspec.Struct):
    type: str = ""
    envelope_id: str = ""
    reason: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")


class Connection:
    """Handles what comes through one connection.

    Parameters
    ----------
    socket
        Just opened.
    answer
        `Interactions.answer`.
    timing
        When it counts as dead.
    """

    def __init__(
        self,
        socket: ClientWebSocketResponse,
        answer: Callable[[bytes], Awaitable[Acknowledgement | None]],
        timing: Timing,
    ) -> None:
        self._socket = socket
        self._answer = answer
        self._timing = timing
        self._handling: set[asyncio.Task[None]] = set()

    async def hear_hello(self) -> None:
        """Wait until Slack says that it will send something.

        Raises
        ------
        ClientError
            It does not.
        """
        try:
            # The timeout of `receive` begins anew with each answer to a ping.
            async with asyncio.timeout(self._timing.hello):
                message = await self._socket.receive()
        except TimeoutError:
            raise ClientError("Slack did not say hello in time") from None
        said = _read(message.data) if message.type == WSMsgType.TEXT else _Envelope()
        if said.type != "hello":
            raise ClientError(f"Slack did not say hello but {said.reason or said.type!r}")

    async def serve(self) -> str:
        """Handle envelopes until the connection ends, and give the reason."""
        lifetime = self._timing.lifetime * random.uniform(0.75, 1.0)  # noqa: S311  # no secret
        try:
            async with asyncio.timeout(lifetime):
                return await self._receive()
        except TimeoutError:
            return LIFETIME
        finally:
            if self._handling:
                await asyncio.wait(self._handling, timeout=self._timing.finish)
            for task in self._handling:
                task.cancel()

    async def _receive(self) -> str:
        async for message in self._socket:
            if message.type != WSMsgType.TEXT:
                continue
            envelope = _read(message.data)
            if envelope.type == "disconnect":
                return envelope.reason
            if envelope.envelope_id and len(self._handling) < MOST_AT_ONCE:
                task = asyncio.create_task(self._handle(envelope))
                self._handling.add(task)
                task.add_done_callback(self._handling.discard)
        return f"code {self._socket.close_code}"

    async def _handle(self, envelope: _Envelope) -> None:
        acknowledgement: Acknowledgement | None = Acknowledgement()
        if envelope.type == "interactive":
            acknowledgement = await self._answer(bytes(envelope.payload))
        if acknowledgement is None:
            return
        said: dict[str, object] = {"envelope_id": envelope.envelope_id}
        if acknowledgement.body is not None:
            said["payload"] = acknowledgement.body
        try:
            await self._socket.send_str(msgspec.json.encode(said).decode())
        except (ClientError, OSError) as fault:
            logger.warning("a press in Slack was kept but not acknowledged (%r)", fault)


def _read(data: str) -> _Envelope:
    try:
        return msgspec.json.decode(data, type=_Envelope)
    except (msgspec.DecodeError, RecursionError):
        return _Envelope()
