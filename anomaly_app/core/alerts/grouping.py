"""Which incident an anomaly belongs to: that of its entity, or one of many entities."""

from collections import Counter
from collections.abc import Iterable

from anomaly_app.core.alerts.evidence import rise
from anomaly_app.core.alerts.fitting import fitting
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.keys import Seen, measured_in, seen_of
from anomaly_app.core.alerts.merging import merge
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.regime import WINDOW
from anomaly_app.core.alerts.sharing import another_cause, join_same, recognise, take_apart
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.alerts.state import MOST_MEASURED, State
from anomaly_app.core.alerts.storms import gather_parts

MOST_INCIDENTS = 2_000
"""Incidents that are remembered: beyond, anomalies that fit none are one incident."""

OTHERS = ("", "too many to tell apart")

COMMON = 0.05
"""Share of what is odd at once that has a reason, for the reason to be one of the incident."""


def assign(state: State, sighting: Sighting, policy: Policy, now: float) -> tuple[Incident, ...]:
    """Add an anomaly to an incident, a new one if none fits.

    Returns
    -------
    tuple of Incident
        Those that have changed: the one that it belongs to first, then those that were merged
        with others.
    """
    usual = {name for name in state.shared.values() if state.incidents[name].is_usual(now)}
    state.recent.expire(now, state.background, usual)
    state.regime.expire(now)
    if len(state.measured) < MOST_MEASURED:
        state.measured.update(measured_in(sighting))
    seen = seen_of(sighting, state.measured, now)
    incident = _home(state, sighting, seen, policy, now)
    if incident.resolved is not None:
        incident.reopen(now)
    incident.add(sighting, now)
    seen.incident = incident.id
    seen.is_explained = incident.kind != Kind.ENTITY
    state.recent.add(seen)
    merged: list[Incident] = []
    if policy.reason and seen.entity:
        incident, merged = recognise(state, incident, seen, now)
        if incident.is_of_value:
            merged += join_same(state, incident, seen.entity, now)
            if incident.shared_at == now and (gathered := gather_parts(state, incident, now)):
                incident, parts = gathered
                merged += parts
    if incident.is_of_value:
        state.regime.discard(seen.entity)
        key = incident.shared_key
        surprise = state.recent.surprise(key, state.background, now, incident=incident.id)
        incident.surprise = max(incident.surprise, surprise)
    else:
        state.regime.add_odd(seen.entity, now)
        if begun := begin_regime(state, policy, now):
            regime, parts = begun
            merged += parts
            # Its own incident stays apart if it has another reason.
            if incident is regime or incident.merged_into == regime.id:
                incident = regime
            else:
                merged.append(regime)
    rise(incident, now)
    return incident, *merged


def _home(state: State, sighting: Sighting, seen: Seen, policy: Policy, now: float) -> Incident:
    """Return the incident that an anomaly is added to; it may be closed, or another one."""
    incident = fitting(state, seen, now, policy.reopen_within) if policy.reason else None
    incident = incident or _regime(state, seen)
    if incident is None:
        return _of_group(state, sighting, policy, now)
    key = another_cause(state, incident, seen, now)
    if key is None or len(state.incidents) >= MOST_INCIDENTS:
        return incident
    part = _open(state, Kind.SHARED, key, now)
    part.keys = [key]
    take_apart(state, incident, key, part.id)
    state.index(part)
    return part


def _regime(state: State, seen: Seen) -> Incident | None:
    """Return the incident of a large part of all entities, if an anomaly has its reasons."""
    found = state.incidents.get(state.regime.incident)
    is_of_it = any([*reason] in state.regime.reasons for reason in seen.reasons[:1])
    return found if is_of_it else None


def begin_regime(
    state: State, policy: Policy, now: float
) -> tuple[Incident, list[Incident]] | None:
    """Make one incident of what is odd at once, if a large part of all entities is."""
    if state.regime.incident or not state.regime.is_on(policy.regime, now):
        return None
    since = now - WINDOW
    odd = [one for one in state.recent.seen if one.at >= since and not _is_apart(state, one)]
    counts = Counter(one.reasons[0] for one in odd if one.reasons)
    common = {reason for reason, count in counts.items() if count >= COMMON * len(odd)}
    names = {one.incident for one in odd if one.reasons and one.reasons[0] in common}
    parts = [
        part
        for name in names
        if (part := state.incidents.get(name)) is not None
        and not part.is_of_value
        and part.is_open
        and part.opened >= since
    ]
    if sum(len(part.entities) for part in parts) < policy.regime.entities:
        return None
    first, others = merge(state, parts, Kind.REGIME, ("regime", str(state.next)), now)
    state.regime.incident = first.id
    state.regime.reasons = sorted([*reason] for reason in common)
    return first, others


def _is_apart(state: State, seen: Seen) -> bool:
    found = state.incidents.get(seen.incident)
    return found is not None and found.is_of_value


def end_regime(state: State, policy: Policy, now: float) -> list[Incident]:
    """End the incident of a large part of all entities, if that part is not large any more."""
    found = state.incidents.get(state.regime.incident)
    if found is None:
        return []
    state.regime.expire(now)
    if state.regime.excess(now) >= policy.regime.share / 2.0:
        return []
    found.resolved = now
    state.regime.incident = ""
    return [found]


def _of_group(state: State, sighting: Sighting, policy: Policy, now: float) -> Incident:
    key = group_key(sighting, policy.by)
    known = state.incidents.get(state.groups.get(key, ""))
    if known is not None:
        if known.is_open:
            return known
        if known.resolved is not None and now < known.resolved + policy.reopen_within:
            return known
    if len(state.incidents) >= MOST_INCIDENTS and not state.make_room():
        key = OTHERS
        if (others := state.incidents.get(state.groups.get(key, ""))) and others.is_open:
            return others
    incident = _open(state, Kind.ENTITY, key, now)
    state.index(incident)
    return incident


def _open(state: State, kind: Kind, key: tuple[str, ...], now: float) -> Incident:
    incident = Incident(
        id=f"i-{state.next}",
        kind=kind,
        key=key,
        opened=now,
        last=now,
        shared_at=now,
        grew_at=now,
        opened_at=state.next,
    )
    state.incidents[incident.id] = incident
    return incident


def group_key(sighting: Sighting, by: Iterable[str]) -> tuple[str, ...]:
    """Return what anomalies of one incident have in common, if they do not share a reason.

    Anomalies without any of it are grouped by their transaction: each is an incident.
    """
    values = [_value(sighting, name) for name in by]
    return ("", sighting.id) if not any(values) else (*values,)


def _value(sighting: Sighting, name: str) -> str:
    match name:
        case "entity":
            return sighting.entity
        case "counterpart":
            return sighting.counterpart
        case _:
            return sighting.field(name)
