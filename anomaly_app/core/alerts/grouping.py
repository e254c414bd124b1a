"""Which incident an anomaly belongs to: that of its entity, or one of many entities.

Anomalies of many entities are one incident if they share a reason and the value of a field, and if
chance would hardly give that: the value has to be rarer among other anomalies.
"""

from collections import Counter
from collections.abc import Iterable

from anomaly_app.core.alerts.evidence import rise
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.keys import Key, Seen, measured_in, seen_of
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.regime import WINDOW
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.alerts.state import MOST_MEASURED, State

RECOGNISED = 5.0
"""The surprise from which on anomalies of many entities are one incident."""

STILL = 2.5
"""The surprise down to which others may join: what chance gives stays apart."""

USUAL_AFTER = 12 * 3_600.0
"""Seconds after which what goes on is usual: from then on it is a part of what chance gives."""

CLEARLY = 2.0
"""How much more surprising another value must be to take the place of the one that an incident's
members share."""

MOSTLY = 0.8
"""Share of an incident's members that must share what another incident has in common to join it."""

COMMON = 0.05
"""Share of what is odd at once that has a reason, for the reason to be one of the incident."""

LEAST_SAME = 3
"""Entities that two incidents must have in common, at least, to be one."""

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
    usual = {name for name in state.shared.values() if _is_usual(state.incidents[name], now)}
    state.recent.expire(now, state.background, usual)
    state.regime.expire(now)
    if len(state.measured) < MOST_MEASURED:
        state.measured.update(measured_in(sighting))
    seen = seen_of(sighting, state.measured, now)
    incident = _shared(state, seen, policy, now) or _regime(state, seen)
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
            merged += _join_same(state, incident, seen.entity, now)
    if incident.kind == Kind.SHARED:
        state.regime.discard(seen.entity)
        key = incident.shared_key
        surprise = state.recent.surprise(key, state.background, now)
        incident.surprise = max(incident.surprise, surprise)
    else:
        state.regime.add_odd(seen.entity, now)
        if begun := begin_regime(state, policy, now):
            incident, merged = begun
    rise(incident, now)
    return incident, *merged


def _shared(state: State, seen: Seen, policy: Policy, now: float) -> Incident | None:
    """Return the incident of many entities that an anomaly fits best."""
    if not policy.reason:
        return None
    fitting = [
        (surprise, state.shared[key])
        for key in seen.possible_keys()
        if key in state.shared
        and (
            (surprise := state.recent.surprise_with(seen, key, state.background, now)) >= STILL
            or seen.entity in state.incidents[state.shared[key]].entities
        )
    ]
    return state.incidents[max(fitting)[1]] if fitting else None


def _is_usual(incident: Incident, now: float) -> bool:
    return now - incident.opened > USUAL_AFTER


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
    odd = [one for one in state.recent.seen if one.at >= since and not one.is_explained]
    counts = Counter(one.reasons[0] for one in odd if one.reasons)
    common = {reason for reason, count in counts.items() if count >= COMMON * len(odd)}
    names = {one.incident for one in odd if one.reasons and one.reasons[0] in common}
    parts = [
        part
        for name in names
        if (part := state.incidents.get(name)) is not None
        and part.kind == Kind.ENTITY
        and part.is_open
        and part.opened >= since
    ]
    if len(parts) < policy.regime.entities:
        return None
    first, others = _merge(state, parts, Kind.REGIME, ("regime", str(state.next)), now)
    state.regime.incident = first.id
    state.regime.reasons = sorted([*reason] for reason in common)
    return first, others


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
            known.resolved = None
            known.flips.append(now)
            return known
    incident = Incident(
        id=f"i-{state.next}",
        kind=Kind.ENTITY,
        key=key,
        opened=now,
        last=now,
        grew_at=now,
        opened_at=state.next,
    )
    state.incidents[incident.id] = incident
    state.index(incident)
    return incident


def group_key(sighting: Sighting, by: Iterable[str]) -> tuple[str, ...]:
    """Return what anomalies of one incident have in common, if they do not share a reason.

    Anomalies without any of it are grouped by their transaction: each is an incident.
    """
    values = [sighting.entity if name == "entity" else _field(sighting, name) for name in by]
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
        for key in seen.possible_keys()
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
    return _gather(state, incident, key, now)


def _gather(
    state: State, incident: Incident, key: Key, now: float
) -> tuple[Incident, list[Incident]]:
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
    joined = {entity for part in parts for entity in part.entities}
    if incident not in parts or len(joined) < max(2, PARTLY * len(sharing)):
        return incident, []
    first, others = _merge(state, parts, Kind.SHARED, key, now)
    state.unindex(first)
    first.keys = [key]
    state.index(first)
    first.surprise = state.recent.surprise(key, state.background, now)
    for one in state.recent.seen:
        if one.incident == first.id:
            state.regime.discard(one.entity)
    rise(first, now)
    return first, others


def _join_same(state: State, incident: Incident, entity: str, now: float) -> list[Incident]:
    """Merge what has the same value of a field and the same entities now, for another reason."""
    joined = []
    for name in sorted({*state.shared.values()} - {incident.id}):
        other = state.incidents[name]
        if other.shared_key.item != incident.shared_key.item or entity not in other.entities:
            continue
        mine, theirs = (state.recent.sharing(one.shared_key) for one in (incident, other))
        reason = other.shared_key.reason
        both = sum(any(reason in one.reasons for one in seen) for seen in mine.values())
        if both >= max(LEAST_SAME, PARTLY * min(len(mine), len(theirs))):
            joined.append(other)
    for other in joined:
        state.unindex(other)
        incident.keys += [key for key in other.keys if key not in incident.keys]
        _absorb(state, incident, [other], now)
    state.index(incident)
    return joined


def _merge(
    state: State, parts: list[Incident], kind: Kind, key: tuple[str, ...], now: float
) -> tuple[Incident, list[Incident]]:
    # The one that people know of stays; otherwise the oldest.
    first, *others = sorted(parts, key=lambda part: (not _was_told(part), part.opened_at))
    state.unindex(first)
    first.kind, first.key = kind, key
    for other in others:
        state.unindex(other)
    state.index(first)
    _absorb(state, first, others, now)
    return first, others


def _absorb(state: State, first: Incident, others: list[Incident], now: float) -> None:
    for other in others:
        first.absorb(other)
        other.merged_into, other.resolved = first.id, now
    gone = {other.id for other in others}
    for one in state.recent.seen:
        if one.incident in gone:
            one.incident = first.id
        if one.incident == first.id:
            one.is_explained = True
    rise(first, now)


def _is_part_of(state: State, incident: Incident, key: Key, share: float) -> bool:
    """Whether enough of an incident's recent members share something."""
    members = [one for one in state.recent.seen if one.incident == incident.id]
    matching = sum(1 for one in members if key.reason in one.reasons and key.item in one.items)
    return matching >= share * len(members)


def _was_told(incident: Incident) -> bool:
    return any(told.version for told in incident.told.values())
