"""What a worker does while it has the log of alerts: it lets time pass, and delivers."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from anomaly_app.core.alerts.ledger import Ledger
from anomaly_app.incidents.delivery import Receiver
from anomaly_app.incidents.term import Hold, Term
from anomaly_app.kafka.exit import exit_without_commit

logger = logging.getLogger(__name__)

POLL_INTERVAL = 0.2
"""Seconds between two looks at the clock and at the partitions."""

STOP_TIMEOUT = 20.0
"""Seconds for which a stop waits for attempts that are under way."""


class Owner:
    """Begins and ends terms as the partition of the log comes and goes.

    Parameters
    ----------
    hold
        What the consumer says.
    receivers
        Who is told.
    listening
        What runs as long as a term and is cancelled with it, such as connections to Slack.
    """

    def __init__(
        self,
        hold: Hold,
        receivers: Sequence[Receiver],
        listening: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    ) -> None:
        self.receivers = tuple(receivers)
        self.term: Term | None = None
        """None while the log is another worker's."""
        self._last: Term | None = None
        self._hold = hold
        self._listening = tuple(listening)
        self._serving: set[asyncio.Task[None]] = set()
        self._listeners: set[asyncio.Task[None]] = set()

    async def run(self, should_stop: Callable[[], bool]) -> None:
        """Look at the partitions and at the clock until the worker stops."""
        try:
            while not should_stop():
                await self.look()
                await asyncio.sleep(POLL_INTERVAL)
        finally:
            self._end()

    async def look(self) -> None:
        """Begin or end a term, and write a tick if something is due."""
        if self.term is not None and not self.term.is_on:
            self._end()
        if self.term is None:
            memory = self._hold.memory()
            if memory is None:
                return
            self.term = self._last = Term(self._hold, memory, self._last)
            logger.info("this worker has the log of alerts, and delivers")
            for receiver in self.receivers:
                self._serve(receiver, self.term)
            for listen in self._listening:
                self._listen(listen)
        term = self.term
        if term.marker is None:
            await term.begin()
        elif term.is_due:
            await term.tick()

    def _serve(self, receiver: Receiver, term: Term) -> None:
        async def serve() -> None:
            try:
                await receiver.serve(term)
            except Exception as fault:  # noqa: BLE001  # this receiver would be told nothing more
                exit_without_commit(f"delivering to {receiver.name}", fault)

        serving = asyncio.ensure_future(serve())
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    def _listen(self, listen: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            try:
                await listen()
            except Exception:
                # People are told all the same; they can answer again in the next term.
                logger.exception("answers are not heard any more until the next restart")

        listening = asyncio.ensure_future(run())
        self._listeners.add(listening)
        listening.add_done_callback(self._listeners.discard)

    def _end(self) -> None:
        for listener in self._listeners:
            listener.cancel()
        if self.term is not None:
            self.term.end()
            self.term = None

    async def close(self) -> None:
        """Stop: wait for attempts that are under way, and for their outcomes."""
        self._end()
        if running := self._serving | self._listeners:
            _, left = await asyncio.wait(running, timeout=STOP_TIMEOUT)
            for one in left:
                one.cancel()
        for receiver in self.receivers:
            await receiver.channel.close()

    def stats(self) -> dict[str, Any]:
        """Return what a worker's pages show of the receivers."""
        found = {}
        for receiver in self.receivers:
            shown = receiver.stats(self.term)
            if self.term is not None:
                state, policy = self.term.state, self.term.memory.policy
                ledger = state.ledgers.get(receiver.name, Ledger())
                budget = policy.receivers[receiver.name]
                shown["budget_left"] = round(ledger.left(budget, self._hold.now()), 2)
            found[receiver.name] = shown
        return found
