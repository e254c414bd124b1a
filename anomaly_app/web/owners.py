"""Any worker answers for any entity: what it does not remember, the other workers are asked for.

The partition of an entity cannot be computed: producers have partitioners of their own. So the
workers are asked that have the partitions, each once. Who has which is in the manifests of the
memories, and what a worker has answered for counts, not what a manifest says.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import TypeAlias

import msgspec

from anomaly_app.context import WorkerContext
from anomaly_app.core.visible import quoted
from anomaly_app.errors import BrokerError, PageUnreachable
from anomaly_app.kafka import broker_errors
from anomaly_app.kafka.changelog import edge_of, find_owners
from anomaly_app.settings import Settings
from anomaly_app.web.address import is_address
from anomaly_app.web.peers import Answer, Session, ask, open_session
from anomaly_app.web.search import (
    TO_BE_REACHED,
    Found,
    Place,
    Question,
    Search,
    Unknown,
    search_here,
)
from anomaly_app.web.token import signed

OK, UNAUTHORIZED, FORBIDDEN, MISSING = 200, 401, 403, 404

LOOKUP_TIMEOUT = 5.0
"""Seconds in which the manifests have to be read."""

Lookup: TypeAlias = Callable[[str, Iterable[int]], AsyncIterator[tuple[int, str]]]
"""Finds the addresses of the owners of partitions, for the name of a key."""


class Owners:
    """Asks the owners of partitions.

    Parameters
    ----------
    context
        Of this worker.
    lookup
        By default the manifests on the memory topic are read.
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
        self._lookup = lookup or partial(read_owners, context.settings)
        self._clock = clock
        self._known: dict[tuple[str, int], str] = {}
        """Addresses by key and partition: as they were when they were last looked up."""

    async def find(self, question: Question, place: Place) -> Found | Unknown:
        """Search this worker's memories, then those of all others.

        Parameters
        ----------
        question
            Whose profile.
        place
            Where the entities of its key are.
        """
        here = search_here(question, place, self._context, self._clock())
        if isinstance(here, Found):
            return here
        search = Search(question, place)
        search.add(here)
        async with open_session() as session:
            # Those that were known the last time first: their answers tell whether they still are.
            for look in (False, True):
                if look and search.left:
                    await self._look_up(question.key, search)
                if found := await self._ask_all(session, question, search):
                    return found
        return search.result(self._owners_of(question.key, place.partitions))

    async def _look_up(self, key: str, search: Search) -> None:
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT):
                # What was found counts, also if there is no time for the rest.
                async for number, owner in self._lookup(key, sorted(search.left)):
                    self._known[key, number] = owner
        except (BrokerError, TimeoutError) as fault:
            reason = str(fault) or f"Kafka takes more than {LOOKUP_TIMEOUT:.0f} s"
            search.fault = f"their workers cannot be looked up ({reason}), ask again in a moment"

    def _owners_of(self, key: str, partitions: Iterable[int]) -> dict[int, str]:
        known = self._known
        return {number: known[key, number] for number in partitions if (key, number) in known}

    async def _ask_all(self, session: Session, question: Question, search: Search) -> Found | None:
        owners = {*self._owners_of(question.key, search.left).values()}
        new = sorted(owners - search.asked.keys() - {self._context.memories.owner})
        asking = [asyncio.ensure_future(self._ask(session, one, question)) for one in new]
        try:
            for next_answer in asyncio.as_completed(asking):
                address, answer = await next_answer
                if isinstance(answer, Found):
                    return answer
                search.asked[address] = answer if isinstance(answer, str) else ""
                if isinstance(answer, Unknown):
                    search.add(answer)
        finally:
            for one in asking:
                one.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        return None

    async def _ask(
        self, session: Session, address: str, question: Question
    ) -> tuple[str, Found | Unknown | str]:
        """Return the address, and the worker's answer, or why there is none."""
        if not is_address(address):
            return address, f"is no address of a worker, {quoted(address)}"
        authorization = signed(question.text_for(address), self._clock(), self._context.settings)
        try:
            answer = await ask(session, address, question.path, authorization)
        except PageUnreachable as fault:
            return address, f"{fault}: if there are workers on other hosts, {TO_BE_REACHED}"
        return address, read_answer(answer, question)


def read_answer(answer: Answer, question: Question) -> Found | Unknown | str:
    """Read what a worker has answered to another one; a text says what is wrong with it."""
    status, body = answer
    if status in {UNAUTHORIZED, FORBIDDEN}:
        return "does not let this one ask: give all workers the same ANOMALY_WEB_TOKEN and clock"
    try:
        if status == OK:
            found = msgspec.json.decode(body, type=Found)
            if (found.entity, found.key) == question:
                return found
        elif status == MISSING:
            return msgspec.json.decode(body, type=Unknown)
    except (msgspec.DecodeError, RecursionError):
        pass
    return f"answers as no worker of this version does (HTTP {status})"


async def read_owners(
    settings: Settings, name: str, partitions: Iterable[int]
) -> AsyncIterator[tuple[int, str]]:
    """Yield the owners of partitions, as the manifests on the memory topic say.

    Raises
    ------
    BrokerError
        The broker does not answer.
    """
    topic = settings.memory_topic_name
    with broker_errors(f"reading {topic}"):
        async with edge_of(settings).open_reader() as reader:
            async for found in find_owners(reader, topic, name, partitions):
                yield found
