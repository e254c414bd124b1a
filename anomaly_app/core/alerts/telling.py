"""What has to be told of an incident now, to whom, and what the stages say to it."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from anomaly_app.core.alerts.digest import wait_for_digest
from anomaly_app.core.alerts.evidence import level_of
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.labels import labels_of
from anomaly_app.core.alerts.ledger import Ledger
from anomaly_app.core.alerts.matchers import first_mismatch
from anomaly_app.core.alerts.notice import Event
from anomaly_app.core.alerts.policy import LEVELS, Policy
from anomaly_app.core.alerts.recent import STORM
from anomaly_app.core.alerts.stages import Answer, Case, Drop, Hold, Pass, decide
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.told import Told

GROWN = 2
"""So many times the members are told, not only edited."""

MORE = 4
"""And so many more."""


class Decision(NamedTuple):
    """What was decided about an incident and a receiver."""

    incident: str
    receiver: str
    event: Event
    stage: str
    """The stage that did not let it pass; empty if all did."""
    answer: Answer


class Wanted(NamedTuple):
    """What there is to tell."""

    event: Event
    changes: tuple[str, ...] = ()
    """In words; if empty, and the incident was told before, an edit is enough."""


def consider(state: State, incident: Incident, policy: Policy, now: float) -> list[Decision]:
    """Decide what is told of an incident, and make the notices."""
    decisions = []
    for case, wanted in cases(state, incident, policy, now):
        stage, answer = decide(case)
        decisions.append(Decision(incident.id, case.receiver, wanted.event, stage, answer))
        if isinstance(answer, Pass):
            _tell(state, case, wanted)
        elif case.is_new:
            if isinstance(answer, Hold) and incident.is_open:
                state.schedule(answer.until, incident.id)
            if isinstance(answer, Drop) or stage == "is_affordable" or not incident.is_open:
                wait_for_digest(case, why(answer))
        else:
            if isinstance(answer, Hold):
                state.schedule(answer.until, incident.id)
            if _is_shown(case, stage, answer):
                _edit(state, case)
    return decisions


def _is_shown(case: Case, stage: str, answer: Answer) -> bool:
    """Whether an earlier message is edited, although nobody is told: an answer is, at once."""
    is_answered = case.incident.said != case.told.answers
    return is_answered or isinstance(answer, Drop) or stage in {"is_silenced", "is_maintained"}


def cases(
    state: State, incident: Incident, policy: Policy, now: float
) -> Iterator[tuple[Case, Wanted]]:
    """Yield what there is to tell of an incident, for each receiver that it concerns."""
    for receiver, minimum in recipients(incident, policy):
        told = state.told(incident, receiver)
        wanted = _wanted(incident, told, policy, now)
        if wanted is None:
            continue
        case = Case(
            incident,
            wanted.event,
            told,
            receiver,
            minimum,
            state.ledgers.setdefault(receiver, Ledger()),
            policy,
            tuple(state.silences.values()),
            now,
            policy.reason and not told.version and is_in_storm(state, incident, receiver, now),
        )
        yield case, wanted


def is_in_storm(state: State, incident: Incident, receiver: str, now: float) -> bool:
    """Whether many are odd for the same reason now, and a receiver was told of one of them."""
    if incident.kind != Kind.ENTITY or not state.recent.is_storm(incident.reason, now):
        return False
    told_at, incident_id = state.told_reasons.get((receiver, *incident.reason), (-math.inf, ""))
    return now < told_at + STORM and incident_id != incident.id


def why(answer: Answer) -> str:
    """Return why there is no message, in words."""
    return answer.why if isinstance(answer, Hold) else getattr(answer, "because", "")


def recipients(incident: Incident, policy: Policy) -> list[tuple[str, int]]:
    """Return the receivers of an incident, each with the lowest level that it is told of."""
    labels = labels_of(incident)
    found: dict[str, int] = {}
    for route in policy.routes:
        if first_mismatch(route.matchers, labels) is None:
            for receiver in route.receivers:
                found[receiver] = min(found.get(receiver, route.minimum), route.minimum)
            if not route.goes_on:
                break
    # Whoever was told of it is told how it goes on, whatever the routes say by now.
    for receiver, told in incident.told.items():
        if told.version and receiver in policy.receivers:
            found.setdefault(receiver, 0)
    return [*found.items()]


def _wanted(incident: Incident, told: Told, policy: Policy, now: float) -> Wanted | None:
    if not told.version:
        is_over = incident.merged_into or (told.is_in_digest and not incident.is_open)
        return None if is_over else Wanted(Event.OPENED)
    if not incident.is_open and not told.is_resolved:
        return Wanted(Event.RESOLVED, (_end(incident),))
    if not incident.is_open:
        return Wanted(Event.CHANGED) if incident.said != told.answers else None
    return _growing(incident, told, policy, now)


def _growing(incident: Incident, told: Told, policy: Policy, now: float) -> Wanted | None:
    if told.is_resolved:
        return Wanted(Event.CHANGED, ("It is back.",))
    level = level_of(incident.peak)
    if level > told.level:
        return Wanted(Event.CHANGED, (f"Severity is now {LEVELS[level]}.", _growth(incident)))
    if incident.members >= max(GROWN * told.members, told.members + MORE):
        return Wanted(Event.CHANGED, (_growth(incident),))
    if incident.members > told.members and now >= told.made_at + policy.repeat:
        return Wanted(Event.REPEATED, (f"Still going on: {_growth(incident)}",))
    if incident.members > told.edited or incident.said != told.answers:
        return Wanted(Event.CHANGED)
    return None


def _tell(state: State, case: Case, wanted: Wanted) -> None:
    told, incident = case.told, case.incident
    if not wanted.changes and not case.is_new:
        _edit(state, case)
        return
    if wanted.event in {Event.OPENED, Event.REPEATED}:
        case.ledger.take(case.policy.receivers[case.receiver], case.now)
        case.ledger.waiting.pop(incident.id, None)
        state.told_reasons[case.receiver, *incident.reason] = (case.now, incident.id)
    told.changes = (*told.changes, *wanted.changes)[-MOST_CHANGES:]
    told.made_at, told.members, told.level = case.now, incident.members, case.level
    told.is_resolved = wanted.event == Event.RESOLVED
    told.told_event = wanted.event
    told.messages += 1
    _edit(state, case)


MOST_CHANGES = 8


def _edit(state: State, case: Case) -> None:
    """Make a notice with which an earlier message is edited."""
    told, incident = case.told, case.incident
    if not told.is_pending:
        told.offset = state.next
    told.version += 1
    told.edited, told.answers = incident.members, incident.said


def _growth(incident: Incident) -> str:
    members = f"{incident.members} anomal{'y' if incident.members == 1 else 'ies'}"
    entities = len(incident.entities)
    return f"{members} of {entities} entities." if entities > 1 else f"{members}."


def _end(incident: Incident) -> str:
    if incident.merged_into:
        return f"It is a part of {incident.merged_into}."
    minutes = max((incident.last - incident.opened) / 60.0, 0.0)
    return f"Over: {_growth(incident)} It went on for {minutes:.0f} min."
