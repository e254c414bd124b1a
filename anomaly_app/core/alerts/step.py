"""The one transition of the alerts: a state, an entry of the log and its time in, the next out."""

from collections.abc import Iterable

from anomaly_app.core.alerts.answering import hear, look_at_silences
from anomaly_app.core.alerts.delivering import note_outcome
from anomaly_app.core.alerts.digest import make_digests
from anomaly_app.core.alerts.effects import Changed, Effect, Joined
from anomaly_app.core.alerts.fitting import LEFT_OVER
from anomaly_app.core.alerts.grouping import assign, end_regime
from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.keys import items_of
from anomaly_app.core.alerts.log import Entry, Outcome, Sample, Tick
from anomaly_app.core.alerts.policy import DAY, Policy
from anomaly_app.core.alerts.read_so_far import ReadSoFar
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.storms import gather_storm
from anomaly_app.core.alerts.telling import consider

REMEMBERED = 7 * DAY
"""Seconds for which an incident that was told may be answered after its end."""


LATER = 3_600.0
"""Seconds after which it is looked at again whether an incident may be forgotten."""


def step(state: State, offset: int, entry: Entry, now: float, policy: Policy) -> list[Effect]:
    """Apply an entry of the log; one that was applied before changes nothing.

    What has to be delivered is in the state afterwards; see `delivering.outbox`.

    Parameters
    ----------
    state
        It is changed.
    offset
        Of the entry, on the log.
    entry
        As read from the log.
    now
        The time of the entry, in seconds since the epoch. Time that goes back counts as standing.
    policy
        How much people are told.

    Returns
    -------
    list of Effect
        What was decided and what has changed, in order.
    """
    if offset < state.next:
        return []
    state.next = offset
    effects = advance(state, policy, now)
    now = state.now
    match entry:
        case Sighting():
            effects += _see(state, entry, now, policy)
        case Sample():
            for one in entry.transactions:
                state.regime.add_sample(one.entity, now)
                state.background.add_items(items_of(one.fields, state.measured), now)
            effects += _look(state, end_regime(state, policy, now), policy, now)
            state.regime.note_usual(now)
        case Outcome():
            note_outcome(state, entry, policy)
        case Tick():
            pass
        case _:
            effects += _look(state, hear(state, entry, now), policy, now)
    state.next = offset + 1
    return effects


def advance(state: State, policy: Policy, now: float) -> list[Effect]:
    """Let time pass: what was due on the way is done at its own time."""
    effects: list[Effect] = []
    while (deadline := state.next_deadline(policy)) is not None and deadline <= now:
        state.now = max(state.now, deadline)
        for incident in state.due(state.now):
            effects += _look_again(state, incident, policy, state.now)
        effects += _consider(state, look_at_silences(state, policy, state.now), policy, state.now)
        make_digests(state, policy, state.now)
    state.now = max(state.now, now)
    return effects


def _see(state: State, sighting: Sighting, now: float, policy: Policy) -> list[Effect]:
    origin = sighting.origin
    read = state.read.setdefault(origin.log, ReadSoFar())
    if not read.add(origin.offset, origin.timestamp) or not state.is_new(sighting.id):
        return []
    changed = assign(state, sighting, policy, now)
    for active in state.silences.values():
        if active.covers(changed[0], now):
            active.look(changed[0], now)
    return [Joined(sighting.id, changed[0].id), *_look(state, changed, policy, now)]


def _look(state: State, incidents: Iterable[Incident], policy: Policy, now: float) -> list[Effect]:
    """Consider incidents that have changed."""
    changed = [*incidents]
    return [*map(Changed, changed), *_consider(state, changed, policy, now)]


def _consider(
    state: State, incidents: Iterable[Incident], policy: Policy, now: float
) -> list[Effect]:
    effects: list[Effect] = []
    for incident in incidents:
        effects += consider(state, incident, policy, now)
        _schedule_end(state, incident, policy)
    return effects


def _look_again(state: State, incident: Incident, policy: Policy, now: float) -> list[Effect]:
    look = _consider
    if incident.is_open and now >= incident.last + policy.resolve_after:
        incident.resolved = now
        incident.flips.append(now)
        look = _look
    if incident.keys and not incident.is_open and now >= incident.last + LEFT_OVER:
        state.unindex(incident)
        incident.keys = []
    if not incident.is_open and now >= _forgotten_at(incident, policy):
        if not state.is_to_be_told(incident):
            state.forget(incident)
            return []
        state.schedule(now + LATER, incident.id)
        return []
    if policy.reason and incident.is_open and (gathered := gather_storm(state, incident, now)):
        first, others = gathered
        return _look(state, [first, *others], policy, now)
    return look(state, [incident], policy, now)


def _schedule_end(state: State, incident: Incident, policy: Policy) -> None:
    if incident.is_open:
        state.schedule(incident.last + policy.resolve_after, incident.id)
        for told in incident.told.values():
            if told.version and (at := told.made_at + policy.repeat) > state.now:
                state.schedule(at, incident.id)
    else:
        if incident.keys:
            # Until then anomalies may join it.
            state.schedule(incident.last + LEFT_OVER, incident.id)
        state.schedule(_forgotten_at(incident, policy), incident.id)


def _forgotten_at(incident: Incident, policy: Policy) -> float:
    assert incident.resolved is not None  # noqa: S101  # it is not open
    was_told = any(told.version for told in incident.told.values())
    return incident.resolved + (REMEMBERED if was_told else policy.reopen_within)
