"""What is to be delivered, as the state says, and what became of it."""

from typing import NamedTuple

from anomaly_app.core.alerts.digest import schedule_digest
from anomaly_app.core.alerts.incident import Told
from anomaly_app.core.alerts.log import Outcome
from anomaly_app.core.alerts.notice import Event, Notice
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.views import view_of


class Delivery(NamedTuple):
    """A notice for a receiver."""

    receiver: str
    notice: Notice
    reference: str | None
    """Of the channel, from the last delivery about the same."""
    offset: int
    """Of the entry of the log that the notice comes from: who applies that later may have to
    deliver what another worker has delivered before."""
    level: int
    """Of severity: the highest is delivered first."""


def outbox(state: State, receiver: str) -> list[Delivery]:
    """Return what a receiver has to get, the most urgent first."""
    found = []
    for incident in state.incidents.values():
        told = incident.told.get(receiver)
        if told is None or not told.is_pending:
            continue
        notice = Notice(
            id=incident.id,
            version=told.version,
            event=_event(told),
            at=told.made_at,
            subject=view_of(incident),
            changes=told.changes,
        )
        found.append(Delivery(receiver, notice, told.reference, told.offset, told.level))
    for name, one in state.posts.items():
        if one.receiver == receiver:
            notice = Notice(
                id=name, version=1, event=Event.OPENED, at=one.made_at, subject=one.subject
            )
            found.append(Delivery(receiver, notice, None, one.offset, -1))
    return sorted(found, key=lambda delivery: (-delivery.level, delivery.notice.at))


def _event(told: Told) -> Event:
    if told.done == 0:
        return Event.OPENED
    return Event(told.told_event) if told.changes else Event.CHANGED


def note_outcome(state: State, outcome: Outcome, policy: Policy) -> None:
    """Note what became of a notice."""
    post = state.posts.get(outcome.notice)
    if post is not None and post.receiver == outcome.receiver:
        del state.posts[outcome.notice]
        return
    incident = state.incidents.get(outcome.notice)
    told = None if incident is None else incident.told.get(outcome.receiver)
    if told is None or incident is None or outcome.version > told.version:
        return
    told.done = max(told.done, outcome.version)
    told.changes = told.changes[outcome.changes :]
    told.reference = outcome.reference or told.reference
    if outcome.result != "delivered" and told.reference is None:
        # The receiver knows nothing of it: the digest has a line, by the rule for what is dropped.
        ledger = state.ledgers[outcome.receiver]
        ledger.waiting[incident.id] = outcome.why or outcome.result
        if outcome.receiver in policy.receivers:
            schedule_digest(ledger, policy.receivers[outcome.receiver], policy, state.now)
