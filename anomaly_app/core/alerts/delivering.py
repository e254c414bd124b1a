"""What is to be delivered, as the state says, and what became of it."""

from collections.abc import Mapping
from typing import NamedTuple

from anomaly_app.core.alerts.digest import schedule_digest
from anomaly_app.core.alerts.log import Outcome, Result
from anomaly_app.core.alerts.notice import Event, Notice
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.told import Told
from anomaly_app.core.alerts.views import view_of

BETWEEN_EDITS = 5.0
"""Seconds from one delivery of a notice to the next one that nobody has to be told of."""


class Delivery(NamedTuple):
    """A notice that a receiver has to get."""

    receiver: str
    id: str
    version: int
    event: Event
    made_at: float
    """Seconds since the epoch."""
    changes: tuple[str, ...]
    reference: str | None
    """Of the channel, from the last delivery about the same."""
    offset: int
    """Of the entry of the log that the notice comes from: who applies that later may have to
    deliver what another worker has delivered before."""
    level: int
    """Of severity: the highest is delivered first."""
    is_known: bool
    """Whether the receiver has been sent something about it before."""

    @property
    def is_edit(self) -> bool:
        """Whether an earlier message changes, and nobody has to be told."""
        return self.is_known and not self.changes

    @property
    def is_digest(self) -> bool:
        """Whether it is about no single incident: it is kept until it is delivered."""
        return self.level < 0


def outbox(state: State, receiver: str) -> list[Delivery]:
    """Return what a receiver has to get, the most urgent first."""
    found = [
        _of_incident(receiver, incident.id, told)
        for incident in state.incidents.values()
        if (told := incident.told.get(receiver)) is not None and told.is_pending
    ]
    found += [
        Delivery(
            *(receiver, name, 1, Event.OPENED, one.made_at, (), None, one.offset, -1),
            is_known=False,
        )
        for name, one in state.posts.items()
        if one.receiver == receiver
    ]
    return sorted(found, key=lambda delivery: (-delivery.level, delivery.made_at))


def _of_incident(receiver: str, name: str, told: Told) -> Delivery:
    return Delivery(
        receiver,
        name,
        told.version,
        _event(told),
        told.made_at,
        told.changes,
        told.reference,
        told.offset,
        told.level,
        is_known=_is_known(told),
    )


def _is_known(told: Told) -> bool:
    return told.done > 0 and not told.is_lost


def _event(told: Told) -> Event:
    if not _is_known(told):
        return Event.OPENED
    return Event(told.told_event) if told.changes else Event.CHANGED


def notice_of(state: State, delivery: Delivery) -> Notice:
    """Return the notice of a delivery, as it is in the state now.

    Raises
    ------
    KeyError
        There is none any more.
    """
    post = state.posts.get(delivery.id)
    return Notice(
        id=delivery.id,
        version=delivery.version,
        event=delivery.event,
        at=delivery.made_at,
        subject=view_of(state.incidents[delivery.id]) if post is None else post.subject,
        changes=delivery.changes,
    )


class Choice(NamedTuple):
    """What to deliver now."""

    delivery: Delivery | None
    pause: float | None
    """Seconds after which there is something if nothing happens; None if there will not be."""


def choose(
    deliveries: list[Delivery],
    delivered: Mapping[str, float],
    put_off: Mapping[str, float],
    now: float,
) -> Choice:
    """Choose what to deliver: the most urgent that does not have to wait.

    Parameters
    ----------
    deliveries
        Of one receiver, the most urgent first.
    delivered
        When each notice was delivered last.
    put_off
        The notices that have to wait, and until when.
    now
        Seconds, on the clock of the other times.
    """
    first: float | None = None
    for one in deliveries:
        ready = put_off.get(one.id, now)
        if one.is_edit and one.id in delivered:
            ready = max(ready, delivered[one.id] + BETWEEN_EDITS)
        if ready <= now:
            return Choice(one, 0.0)
        first = ready if first is None else min(first, ready)
    return Choice(None, None if first is None else first - now)


def outcome_of(
    delivery: Delivery, result: Result, *, reference: str | None = None, why: str = ""
) -> Outcome:
    """Return the entry of the log that says what became of a notice."""
    return Outcome(
        receiver=delivery.receiver,
        notice=delivery.id,
        version=delivery.version,
        result=result,
        reference=reference,
        changes=len(delivery.changes),
        why=why,
    )


def is_settled(state: State, outcome: Outcome) -> bool:
    """Whether the state knows what became of a notice."""
    if outcome.notice in state.posts:
        return False
    incident = state.incidents.get(outcome.notice)
    told = None if incident is None else incident.told.get(outcome.receiver)
    return told is None or told.done >= outcome.version


def note_outcome(state: State, outcome: Outcome, policy: Policy) -> None:
    """Note what became of a notice."""
    post = state.posts.get(outcome.notice)
    if post is not None and post.receiver == outcome.receiver:
        del state.posts[outcome.notice]
        return
    incident = state.incidents.get(outcome.notice)
    if incident is None:
        return
    told = state.told(incident, outcome.receiver)
    was_known = _is_known(told)
    # By the policy of another day there may have been more notices, or this one earlier.
    told.version = max(told.version, outcome.version)
    told.done = max(told.done, outcome.version)
    told.changes = told.changes[outcome.changes :]
    told.reference = outcome.reference or told.reference
    told.is_lost = outcome.result != "delivered" and not was_known
    ledger = state.ledgers.get(outcome.receiver)
    if told.is_lost:
        # What has come since is lost with it: it would make no sense without it.
        told.done, told.changes = told.version, ()
    if told.is_lost and ledger is not None:
        # The receiver knows nothing of it: the digest has a line, by the rule for what is dropped.
        ledger.waiting[incident.id] = outcome.why or outcome.result
        if outcome.receiver in policy.receivers:
            schedule_digest(ledger, policy.receivers[outcome.receiver], policy, state.now)
