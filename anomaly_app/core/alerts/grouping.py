"""Which incident an anomaly belongs to: that of its entity, or one of many entities.

Anomalies of many entities are one incident if they share a reason and the value of a field, and if
chance would hardly give that: the value has to be rarer among other anomalies.
"""

from collections.abc import Iterable

from anomaly_app.core.alerts.evidence import evidence
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.recent import Key, Seen, seen_of
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.alerts.state import State

RECOGNISED = 5.0
"""The surprise from which on anomalies of many entities are one incident."""

CLEARLY = 2.0
"""How much more surprising another value must be to take the place of the one that an incident's
members share."""

MOSTLY = 0.8
"""Share of an incident's members that must share what another incident has in common to join it."""

PARTLY = 0.5
"""The same for the incident of one entity."""


def assign(state: State, sighting: Sighting, policy: Policy, now: float) -> tuple[Incident, ...]:
    """Add an anomaly to an incident, a new one if none fits.

    Returns
    -------
    tuple of Incident
        Those that have changed: the one that it belongs to first, then those that were merged
        into it.
    """
    state.recent.expire(now, state.background)
    state.regime.expire(now)
    seen = seen_of(sighting, now)
    incident = _shared(state, seen, policy) or _regime(state, seen, policy, now)
    if incident is None:
        incident = _of_group(state, sighting, policy, now)
    incident.add(sighting, now)
    seen.incident = incident.id
    seen.is_explained = incident.kind != Kind.ENTITY
    state.recent.add(seen)
    merged: list[Incident] = []
    if policy.reason and seen.entity:
        incident, merged = _recognise(state, incident, seen, now)
    if incident.kind == Kind.SHARED:
        state.regime.discard(seen.entity)
        key = incident.shared_key
        surprise = state.recent.surprise(key, state.background, now)
        incident.surprise = max(incident.surprise, surprise)
    elif incident.kind == Kind.ENTITY:
        state.regime.add_odd(seen.entity, now)
    incident.peak = max(incident.peak, evidence(incident))
    return incident, *merged


def _shared(state: State, seen: Seen, policy: Policy) -> Incident | None:
    """Return the incident of many entities that an anomaly fits best."""
    if not policy.reason:
        return None
    names = {state.shared[key] for key in seen.keys() if key in state.shared}
    found = [state.incidents[name] for name in sorted(names)]
    return max(found, key=lambda one: one.surprise, default=None)


def _regime(state: State, seen: Seen, policy: Policy, now: float) -> Incident | None:
    return None


def _of_group(state: State, sighting: Sighting, policy: Policy, now: float) -> Incident:
    key = group_key(sighting, policy.by)
    known = state.incidents.get(state.groups.get(key, ""))
    if known is not None:
        if known.is_open:
            return known
        if known.resolved is not None and now < known.resolved + policy.reopen_within:
            known.resolved = None
            known.flips.append(now)
            return known
    incident = Incident(
        id=f"i-{state.next}",
        kind=Kind.ENTITY,
        key=key,
        opened=now,
        last=now,
        opened_at=state.next,
    )
    state.incidents[incident.id] = incident
    state.index(incident)
    return incident


def group_key(sighting: Sighting, by: Iterable[str]) -> tuple[str, ...]:
    """Return what anomalies of one incident have in common, if they do not share a reason.

    Anomalies without any of it are grouped by their transaction: each is an incident.
    """
    values = [
        sighting.entity if name == "entity" else _field(sighting, name) for name in by
    ]
    return ("", sighting.id) if not any(values) else (*values,)


def _field(sighting: Sighting, name: str) -> str:
    if name in sighting.fields:
        return sighting.fields[name]
    return next((v for n, v in sighting.fields.items() if n.endswith(f".{name}")), "")


def _recognise(
    state: State, incident: Incident, seen: Seen, now: float
) -> tuple[Incident, list[Incident]]:
    """Make one incident of anomalies that share something, if chance hardly gives that."""
    recent, background = state.recent, state.background
    rated = [
        (surprise, key)
        for key in seen.keys()
        if (surprise := recent.surprise(key, background, now)) >= RECOGNISED
    ]
    if not rated:
        return incident, []
    surprise, key = max(rated)
    if incident.kind == Kind.SHARED:
        own = recent.surprise(incident.shared_key, background, now)
        if key == incident.shared_key or surprise < own + CLEARLY:
            return incident, []
        if not _is_part_of(state, incident, key, MOSTLY):
            return incident, []
    elif incident.kind == Kind.REGIME:
        return incident, []
    return _gather(state, key, now)


def _gather(state: State, key: Key, now: float) -> tuple[Incident, list[Incident]]:
    sharing = state.recent.sharing(key)
    names = {one.incident for seen in sharing.values() for one in seen}
    parts = [
        part
        for name in names
        if (part := state.incidents.get(name)) is not None
        and part.kind != Kind.REGIME
        and part.is_open
        and _is_part_of(state, part, key, PARTLY if part.kind == Kind.ENTITY else MOSTLY)
    ]
    # The one that people know of stays; otherwise the oldest.
    parts.sort(key=lambda part: (not _was_told(part), part.opened_at))
    first, *others = parts
    state.unindex(first)
    first.kind, first.key = Kind.SHARED, key
    first.surprise = state.recent.surprise(key, state.background, now)
    for other in others:
        state.unindex(other)
        first.absorb(other)
        other.merged_into, other.resolved = first.id, now
    state.index(first)
    gone = {other.id for other in others}
    for one in state.recent.seen:
        if one.incident in gone:
            one.incident = first.id
        if one.incident == first.id:
            one.is_explained = True
            state.regime.discard(one.entity)
    first.peak = max(first.peak, evidence(first))
    return first, others


def _is_part_of(state: State, incident: Incident, key: Key, share: float) -> bool:
    """Whether enough of an incident's recent members share something."""
    members = [one for one in state.recent.seen if one.incident == incident.id]
    matching = sum(1 for one in members if key.reason in one.reasons and key.item in one.items)
    return matching >= share * len(members)


def _was_told(incident: Incident) -> bool:
    return any(told.version for told in incident.told.values())
