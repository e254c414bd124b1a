"""Trouble for those who tell people of incidents: workers, Slack and PagerDuty are killed in turn.

Every story ends by itself, with everything running again.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle

from harness.processes import free_port
from tests.support.alerts import owner_of
from tests.support.pagerduty_server import PagerDutyServer, pagerduty_server
from tests.support.slack_process import SlackProcess
from tests.support.trouble import Trouble
from tests.support.waiting import elapse

WORKERS = (3.0, 5.0, 12.0, 4.0, 30.0)
SLACK = (14.0, 24.0, 18.0)
PAGERDUTY = (12.0, 20.0, 16.0)
"""Seconds between two troubles of each."""

AWAY = (2.0, 5.0, 1.0, 8.0)
"""Seconds for which a receiver is away."""

BETWEEN_FAULTS = 12.0

TURNS = ("kill", "kill after a post", "freeze", "kill", "kill", "kill after a post", "kill", "kill")
"""What happens to workers, one after the other."""

FAULTS = (
    ("chat.postMessage", ["503", "ok", "lost"]),
    ("chat.update", ["lost", "ok", "503"]),
    ("chat.postMessage", ["reset", "ok", "429"]),
    ("conversations.history", ["503", "ok", "429"]),
    ("chat.postMessage", ["slow 2", "ok", "late 2"]),
    ("chat.update", ["reset", "429", "not json"]),
    ("conversations.replies", ["503", "slow 2"]),
    ("chat.postMessage", ["lost 503", "ok", "not json"]),
    ("conversations.history", ["slow 2", "reset"]),
)
"""Of Slack, one after the other: what becomes of the next calls of a method."""

EVENTS: list[int | str] = [503, 202, "lost", 202, 202, 429, 202, "lost", 500, 202]
"""Answers of PagerDuty."""

POST_PATIENCE = 6.0
"""Seconds within which something is posted, if anything is to be posted."""


class PagerDuty:
    """A PagerDuty whose listener comes and goes; what it has taken stays."""

    def __init__(self) -> None:
        self.server = PagerDutyServer(retry_after="1")
        self.outages = 0
        self._port = free_port()
        self._running = ExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v2/enqueue"

    def start(self) -> None:
        self._running.enter_context(pagerduty_server(self._port, self.server))

    def kill(self) -> None:
        self._running.close()
        self.outages += 1

    def stop(self) -> None:
        self._running.close()


@dataclass
class AlertTrouble:
    """Stories of trouble that go on for a time.

    Parameters
    ----------
    workers
        Trouble for the workers.
    slack, pagerduty
        Those who are told.
    seconds
        How long no new trouble begins after.
    """

    workers: Trouble
    slack: SlackProcess
    pagerduty: PagerDuty
    seconds: float
    after_a_post: int = 0
    """How many workers were killed between a post and its outcome."""
    begin: float = field(default_factory=time.monotonic)

    async def for_workers(self) -> None:
        """Kill and freeze workers."""
        for turn, what in zip(self._pauses(WORKERS), cycle(TURNS), strict=False):
            await elapse(turn)
            owner = await owner_of(*self.workers.supervisor.workers)
            if what == "freeze":
                await self.workers.freeze(owner)
            elif what == "kill after a post" and owner is not None:
                self.after_a_post += await self._is_posting()
                await self.workers.kill(self.workers.supervisor.workers.index(owner))
            else:
                await self.workers.kill(self.workers.kills)

    async def _is_posting(self) -> bool:
        """Wait until Slack has taken a message, and has not answered yet."""
        await self.slack.fail("chat.postMessage", ["slow 3"])
        before, deadline = len(self.slack.taken.messages), time.monotonic() + POST_PATIENCE
        while time.monotonic() < deadline:
            if len(self.slack.taken.messages) > before:
                return True
            await elapse(0.02)
        return False

    async def for_slack(self) -> None:
        """Kill Slack, and start it again."""
        await self._come_and_go(self.slack, SLACK)

    async def for_pagerduty(self) -> None:
        """Kill PagerDuty, and start it again."""
        await self._come_and_go(self.pagerduty, PAGERDUTY)

    async def _come_and_go(
        self, receiver: SlackProcess | PagerDuty, pauses: Sequence[float]
    ) -> None:
        for pause, away in zip(self._pauses(pauses), cycle(AWAY), strict=False):
            await elapse(pause)
            await asyncio.to_thread(receiver.kill)
            await elapse(away)
            await asyncio.to_thread(receiver.start)

    async def faults(self) -> None:
        """Let calls fail in between."""
        pauses = self._pauses([BETWEEN_FAULTS])
        for pause, (method, faults) in zip(pauses, cycle(FAULTS), strict=False):
            await self.slack.fail(method, faults)
            self.pagerduty.server.answers[:] = EVENTS
            await elapse(pause)

    async def end(self) -> None:
        """Let everything that is running answer as it should."""
        for method in {method for method, _ in FAULTS}:
            assert await self.slack.fail(method, [])
        self.pagerduty.server.answers.clear()

    def _pauses(self, pauses: Sequence[float]) -> Iterator[float]:
        """Give pauses until the time is over."""
        for pause in cycle(pauses):
            if time.monotonic() + pause > self.begin + self.seconds:
                return
            yield pause

    def __str__(self) -> str:
        workers = self.workers
        return (
            f"{workers.kills} workers killed ({self.after_a_post} between a post and its outcome), "
            f"{workers.freezes} frozen beyond the session timeout, {workers.rebalances} "
            f"generations, {self.slack.outages} outages of Slack and {self.pagerduty.outages} of "
            f"PagerDuty, {self.slack.taken.faults.total()} failed calls of Slack"
        )
