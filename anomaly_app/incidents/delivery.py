"""Delivering what one receiver has to get: one notice after the other, each with its outcome."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from anomaly_app.backoff import Backoff
from anomaly_app.channels.channel import Channel, Delivered, Later, Place, Refused
from anomaly_app.core.alerts.delivering import (
    Delivery,
    choose,
    is_settled,
    notice_of,
    outbox,
    outcome_of,
)
from anomaly_app.core.alerts.log import Outcome
from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.errors import describe
from anomaly_app.incidents.term import Term

logger = logging.getLogger(__name__)

BACKOFF = Backoff(first=1.0, longest=60.0)
"""Pauses between attempts if the receiver does not ask for one."""

LONGEST_ATTEMPT = 30.0
"""Seconds."""

SETTLING = 5.0
"""Seconds for which a request of a worker that has lost the log may still be on its way."""

FAULT_PAUSE = 60.0
"""Seconds after which a notice is tried again that the code could not deliver."""

IDLE = 60.0
"""Seconds after which an empty outbox is looked at again, if nothing has changed."""

BETWEEN_LINES = 60.0

MOST_REMEMBERED = 2_000


class Receiver:
    """One receiver: its channel, what became of its notices, and what is wrong.

    It lasts as long as the process; see `Term`.

    Parameters
    ----------
    name
        As in the file.
    channel
        Makes one attempt.
    give_up_after
        Seconds of failures after which what the receiver does not know goes to its digest.
    group
        The consumer group.
    backoff
        Pauses between attempts.
    """

    def __init__(
        self,
        name: str,
        channel: Channel,
        *,
        give_up_after: float,
        group: str = "",
        backoff: Backoff = BACKOFF,
    ) -> None:
        self.name = name
        self.channel = channel
        self.counts: Counter[str] = Counter()
        """Attempts, and outcomes."""
        self.fault: str | None = None
        """Why the last attempt was not the last one; None if nothing is wrong."""
        self._give_up_after = give_up_after
        self._group = group
        self._backoff = backoff
        self._throttle = Throttle(BETWEEN_LINES)
        self._pauses: Iterator[float] = backoff.pauses()
        self._not_before = float("-inf")
        self._failing_since: float | None = None
        self._delivered: dict[str, float] = {}
        self._put_off: dict[str, float] = {}
        self._unknown: dict[str, None] = {}
        """Notices that may have been delivered: nobody has said."""
        self._serving = asyncio.Lock()

    async def serve(self, term: Term) -> None:
        """Deliver until the term is over; an attempt of an earlier term ends before that."""
        async with self._serving:
            while term.is_on:
                await self.work(term)

    async def work(self, term: Term) -> None:
        """Deliver one notice, or wait until there is something to do."""
        clock = term.hold.clock
        if not term.has_caught_up:
            await term.wait(IDLE)
            return
        choice = choose(outbox(term.state, self.name), self._delivered, self._put_off, clock())
        pause = self._not_before - clock()
        if choice.delivery is None or pause > 0:
            idle = IDLE if choice.pause is None else choice.pause
            await term.wait(max(pause, 0.0 if choice.delivery else idle))
        elif term.is_confirmed:
            await self._deliver(choice.delivery, term)
        else:
            await term.confirm()

    async def _deliver(self, delivery: Delivery, term: Term) -> None:
        self.counts["attempts"] += 1
        answer = await self._attempt(delivery, term)
        match answer:
            case Later():
                self._fail(answer, term)
                outcomes = self._given_up(term)
            case Delivered(reference):
                self._succeed(delivery, term)
                outcomes = [outcome_of(delivery, "delivered", reference=reference)]
            case Refused(why):
                self._succeed(delivery, term)
                logger.error("%s refuses notice %s for good: %s", self.name, delivery.id, why)
                outcomes = [outcome_of(delivery, "refused", why=why)]
            case None:
                return
        self.counts.update(outcome.result for outcome in outcomes)
        if outcomes:
            # Also if the log is another worker's by now: it has to know.
            await term.hold.append(outcomes)
        while term.is_on and not all(is_settled(term.state, outcome) for outcome in outcomes):
            await term.wait(IDLE)

    async def _attempt(self, delivery: Delivery, term: Term) -> Delivered | Refused | Later | None:
        """Try once; None if the code is at fault, and others should be tried meanwhile."""
        assert term.marker is not None  # noqa: S101  # it has caught up
        is_uncertain = delivery.offset < term.marker or delivery.id in self._unknown
        settles_in = max(term.others_until + SETTLING - term.hold.clock(), 0.0)
        place = Place(delivery.reference, is_uncertain, settles_in, term.is_ours, self._group)
        try:
            notice = notice_of(term.state, delivery)
            async with asyncio.timeout(LONGEST_ATTEMPT):
                return await self.channel.deliver(notice, place)
        except TimeoutError:
            self._unknown[delivery.id] = None
            return Later(f"it takes more than {LONGEST_ATTEMPT:.0f} s")
        except Exception as fault:
            self._unknown[delivery.id] = None
            self._put_off[delivery.id] = term.hold.clock() + FAULT_PAUSE
            self.fault = f"notice {delivery.id}: {describe(fault)}"
            logger.exception("%s: notice %s is delivered later", self.name, delivery.id)
            return None

    def _succeed(self, delivery: Delivery, term: Term) -> None:
        self.fault = self._failing_since = None
        self._pauses = self._backoff.pauses()
        self._unknown.pop(delivery.id, None)
        self._put_off.pop(delivery.id, None)
        self._delivered.pop(delivery.id, None)
        self._delivered[delivery.id] = term.hold.clock()
        while len(self._delivered) > MOST_REMEMBERED:
            self._delivered.pop(next(iter(self._delivered)))

    def _fail(self, later: Later, term: Term) -> None:
        now = term.hold.clock()
        pause = later.pause
        if pause is None:
            pause = next(self._pauses)
            if self._throttle.count(now):
                logger.warning(
                    "%s is told later (nothing is lost), the next try is in %.0f s: %s",
                    self.name,
                    pause,
                    later.why,
                )
        self.fault = later.why
        self._not_before = now + pause
        if self._failing_since is None:
            self._failing_since = now

    def _given_up(self, term: Term) -> list[Outcome]:
        """Return the outcomes of what has waited for too long; it is in the digest then.

        Digests themselves, and what happens to incidents that the receiver knows, are kept.
        """
        since, hold = self._failing_since, term.hold
        if since is None or hold.clock() < since + self._give_up_after:
            return []
        why = f"could not be sent for {self._give_up_after / 60.0:.0f} min"
        before = hold.now() - self._give_up_after
        return [
            outcome_of(one, "given_up", why=why)
            for one in outbox(term.state, self.name)
            if not (one.is_known or one.is_digest) and one.made_at <= before
        ]

    def _left(self, term: Term) -> float:
        return round(max(self._not_before - term.hold.clock(), 0.0), 1)

    def stats(self, term: Term | None) -> dict[str, Any]:
        """Return what a worker's pages show."""
        waiting = [] if term is None else outbox(term.state, self.name)
        oldest = min((one.made_at for one in waiting), default=None)
        return {
            "attempts": self.counts["attempts"],
            "sent": self.counts["delivered"],
            "refused": self.counts["refused"],
            "given_up": self.counts["given_up"],
            "waiting": len(waiting),
            "oldest_seconds": None
            if oldest is None or term is None
            else round(max(term.hold.now() - oldest, 0.0), 1),
            "waits_for": self.fault,
            "next_try_seconds": None if self.fault is None or term is None else self._left(term),
        }
