"""Any worker answers for incidents: it asks the one that has the log of alerts."""

import time
from collections.abc import Callable
from typing import Any

from anomaly_app.context import WorkerContext
from anomaly_app.core.visible import quoted
from anomaly_app.errors import BrokerError, PageUnreachable
from anomaly_app.incidents.state_memory import NAME
from anomaly_app.web.address import is_address
from anomaly_app.web.owners import Lookup, read_owners
from anomaly_app.web.peers import ask, open_session
from anomaly_app.web.replies import MISSING, OK, UNAVAILABLE, Reply, refusal
from anomaly_app.web.search import TO_BE_REACHED
from anomaly_app.web.token import signed


class LogOwner:
    """Asks the worker that has the log.

    Parameters
    ----------
    context
        Of this worker.
    lookup
        By default the manifest on the memory topic is read.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        context: WorkerContext,
        lookup: Lookup | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._context = context
        self._lookup = lookup
        self._clock = clock
        self._known: str | None = None
        """Where the owner was the last time."""

    async def ask(self, path: str) -> Reply:
        """Ask for a page of the owner.

        Parameters
        ----------
        path
            Escaped, with the query.
        """
        why = "no worker has the log of alerts yet"
        for look in (False, True):
            if look:
                try:
                    self._known = await self._find()
                except (BrokerError, TimeoutError) as fault:
                    return refusal(UNAVAILABLE, f"the owner cannot be looked up: {fault}")
            if self._known is None:
                continue
            answer = await self._ask(self._known, path)
            if isinstance(answer, Reply):
                return answer
            why = answer
        return refusal(UNAVAILABLE, f"{why}; ask again in a moment")

    async def _find(self) -> str | None:
        lookup = self._lookup or _reader(self._context)
        async for _, address in lookup(NAME, [0]):
            if is_address(address):
                return address
        return None

    async def _ask(self, address: str, path: str) -> Reply | str:
        if address == self._context.memories.owner:
            return "this worker had the log of alerts, and does not have it now"
        headers = signed(signed_text(address, path), self._clock(), self._context.settings)
        try:
            async with open_session() as session:
                answer = await ask(session, address, path, headers)
        except PageUnreachable as fault:
            return f"{quoted(address)} {fault}: if workers are on other hosts, {TO_BE_REACHED}"
        if answer.status in {OK, MISSING}:
            return Reply(answer.status, answer.body)
        return f"{quoted(address)} answers with HTTP {answer.status}"


def signed_text(address: str, path: str) -> str:
    """Return what a worker signs that asks another one; it is valid for that one alone."""
    return f"{address}\n{path}"


def _reader(context: WorkerContext) -> Lookup:
    def lookup(name: str, partitions: Any) -> Any:
        return read_owners(context.settings, name, partitions)

    return lookup
