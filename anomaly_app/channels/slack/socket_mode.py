"""Socket Mode: presses through a connection that the worker opens, without a public address.

The SDK's own client is not used: it keeps no reference to the tasks that handle envelopes, writes
a stack trace for each failed attempt, and replaces a session from any of three tasks. Here are two
connections, each replaced by its own task: when it ends, when Slack asks for it, when a ping is not
answered, and in any case after some time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import ClientError, ClientSession, ClientWSTimeout

from anomaly_app.backoff import Backoff
from anomaly_app.channels.slack.api import Fault, Kind, SlackApi, text_in
from anomaly_app.channels.slack.connection import ORDINARY_ENDS, Connection, Timing
from anomaly_app.channels.slack.interactions import Acknowledgement

logger = logging.getLogger(__name__)

CONNECTIONS = 2
"""While one is replaced, presses come through the other."""

BACKOFF = Backoff(first=1.0, longest=60.0)

LARGEST_MESSAGE = 2**20
"""Bytes; after a larger one the connection is replaced."""


class SocketMode:
    """Receives presses through Socket Mode until it is cancelled.

    Parameters
    ----------
    app_token
        App-level token with the scope ``connections:write``.
    url
        Base URL of the Web API.
    api
        With the bot token, which is checked now and then.
    answer
        `Interactions.answer`.
    connections
        Number of connections; Slack allows ten for all workers together.
    backoff
        Pauses between attempts to connect.
    timing
        When a connection counts as dead.
    """

    def __init__(
        self,
        app_token: str,
        url: str,
        api: SlackApi,
        answer: Callable[[bytes], Awaitable[Acknowledgement | None]],
        *,
        connections: int = CONNECTIONS,
        backoff: Backoff = BACKOFF,
        timing: Timing | None = None,
    ) -> None:
        self._opener = SlackApi(app_token, url)
        self._app_token = app_token
        self._api = api
        self._answer = answer
        self._count = connections
        self._backoff = backoff
        self._timing = timing or Timing()
        self.open = 0
        """Connections through which presses can come now."""
        self._problems: dict[str, str] = {}

    @property
    def problem(self) -> str | None:
        """Why a connection is missing, or the bot token not accepted; None if all is well."""
        return next(iter(self._problems.values()), None)

    async def run(self) -> None:
        """Keep the connections until this is cancelled."""
        try:
            async with ClientSession() as session, asyncio.TaskGroup() as group:
                for number in range(self._count):
                    group.create_task(self._keep(session, f"connection {number + 1}"))
                group.create_task(self._check_token())
        finally:
            await self._opener.close()

    async def _keep(self, session: ClientSession, name: str) -> None:
        pauses = self._backoff.pauses()
        while True:
            try:
                if await self._connected(session, name):
                    pauses = self._backoff.pauses()
                    continue
            except Fault as fault:
                hint = "; check the app-level token" if fault.kind == Kind.SETTINGS else ""
                self._say(name, f"Socket Mode cannot be opened: {fault}{hint}")
            except (ClientError, TimeoutError, OSError) as fault:
                self._say(name, f"the connection to Slack broke off ({fault!r})")
            await self._backoff.sleep(next(pauses))

    async def _connected(self, session: ClientSession, name: str) -> bool:
        """Serve one connection until it ends; tell whether the next one may begin at once.

        Raises
        ------
        Fault
            Slack gives no address to connect to.
        ClientError, TimeoutError, OSError
            The connection could not be made.
        """
        opened = await self._opener.call(
            self._opener.client.apps_connections_open(app_token=self._app_token)
        )
        async with session.ws_connect(
            text_in(opened, "url"),
            heartbeat=self._timing.heartbeat,
            max_msg_size=LARGEST_MESSAGE,
            timeout=ClientWSTimeout(ws_close=1.0),
        ) as socket:
            connection = Connection(socket, self._answer, self._timing)
            await connection.hear_hello()
            self.open += 1
            self._problems.pop(name, None)
            try:
                end = await connection.serve()
            finally:
                self.open -= 1
        if end not in ORDINARY_ENDS:
            self._say(name, f"Slack ended a connection ({end})")
        return end in ORDINARY_ENDS

    async def _check_token(self) -> None:
        while True:
            try:
                await self._api.call(self._api.client.auth_test())
                self._problems.pop("token", None)
            except Fault as fault:
                self._say("token", str(fault))
            await asyncio.sleep(self._timing.check)

    def _say(self, name: str, problem: str) -> None:
        if problem != self._problems.get(name):
            logger.warning("presses in Slack may not arrive (%s): %s", name, problem)
        self._problems[name] = problem
