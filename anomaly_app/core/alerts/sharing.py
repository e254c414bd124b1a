"""Incidents of many entities: what anomalies share that chance would hardly give.

Anomalies of many entities are one incident if they share a reason and the value of a field, and if
that value is rarer among other transactions and anomalies.
"""

from anomaly_app.core.alerts.evidence import rise
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.keys import Key, Seen, key_of_storm
from anomaly_app.core.alerts.merging import merge, take_in
from anomaly_app.core.alerts.recent import LEAST_IN_STORM, PATIENCE, STORM
from anomaly_app.core.alerts.state import State

RECOGNISED = 5.0
"""The surprise from which on anomalies of many entities are one incident."""

STILL = 2.5
"""The surprise down to which others may join: after the end, what chance gives stays apart."""

CLEARLY = 2.0
"""How much more surprising another value must be to take the place of the one that an incident's
members share."""

MOSTLY = 0.8
"""Share of an incident's members that must share what another incident has in common to join it."""

PARTLY = 0.5
"""The same for the incident of one entity."""

LEAST_SAME = 3
"""Entities that two incidents must have in common, at least, to be one."""

Changed = tuple[Incident, list[Incident]]
"""An incident, and those that were merged into it."""


def fitting(state: State, seen: Seen, now: float) -> Incident | None:
    """Return the incident of many entities that an anomaly fits best."""
    found = []
    for key in seen.possible_keys():
        if (name := state.shared.get(key)) is not None:
            surprise = state.recent.surprise(
                key, state.background, now, incident=name, entity=seen.entity
            )
            if surprise >= STILL or seen.entity in state.incidents[name].entities:
                found.append((surprise, name))
    if found:
        return state.incidents[max(found)[1]]
    for reason in seen.reasons[:1]:
        if (name := state.shared.get(key_of_storm(reason))) is not None:
            others = {one.entity for one in state.recent.latest(reason, now, incident=name)}
            storm = state.incidents[name]
            if len(others) >= LEAST_IN_STORM or seen.entity in storm.entities:
                return storm
    return None


def recognise(state: State, incident: Incident, seen: Seen, now: float) -> Changed:
    """Make one incident of anomalies that share something, if chance hardly gives that.

    Parameters
    ----------
    state
        It is changed.
    incident
        The one that the anomaly belongs to.
    seen
        The anomaly, the last one that came.
    now
        Seconds since the epoch.

    Returns
    -------
    Changed
        The incident that the anomaly belongs to now.
    """
    own = incident.id if incident.kind == Kind.SHARED else ""
    surprise, key = max(
        (
            (state.recent.surprise(key, state.background, now, incident=own), key)
            for key in seen.possible_keys()
        ),
        default=(0.0, None),
    )
    if key is None or surprise < RECOGNISED:
        return gather_storm(state, incident, now) or (incident, [])
    if incident.kind == Kind.REGIME:
        return incident, []
    if own:
        present = state.recent.surprise(
            incident.shared_key, state.background, now, incident=incident.id
        )
        if key in incident.keys or surprise < present + CLEARLY:
            return incident, []
    return _gather(state, incident, key, now)


def _gather(state: State, incident: Incident, key: Key, now: float) -> Changed:
    names = {*state.shared.values(), incident.id}
    names |= {one.incident for one in state.recent.seen if _has(one, key) and not one.is_explained}
    parts = [
        part
        for name in names
        if (part := state.incidents.get(name)) is not None
        and part.kind != Kind.REGIME
        and part.is_open
        and _is_part_of(state, part, key, PARTLY if part.kind == Kind.ENTITY else MOSTLY)
    ]
    joined = {entity for part in parts for entity in part.entities}
    if incident not in parts or len(joined) < max(2, PARTLY * len(state.recent.sharing(key))):
        return incident, []
    first, others = merge(state, parts, Kind.SHARED, key, now)
    first.surprise = state.recent.surprise(key, state.background, now, incident=first.id)
    rise(first, now)
    return first, others


def gather_storm(state: State, incident: Incident, now: float) -> Changed | None:
    """Make one incident of a storm in which nothing but the reason is shared.

    That is decided late: what else is shared shows when there are more of them.
    """
    reason = incident.reason
    if incident.kind != Kind.ENTITY or not state.recent.is_storm(reason, now):
        return None
    names = {one.incident for one in state.recent.latest(reason, now)}
    parts = [
        part
        for name in names
        if (part := state.incidents.get(name)) is not None
        and part.kind == Kind.ENTITY
        and part.is_open
        and part.reason == reason
        and part.opened >= now - STORM
    ]
    waiting = sum(part.opened <= now - PATIENCE / 2.0 for part in parts)
    if waiting < LEAST_IN_STORM or incident not in parts:
        return None
    first, others = merge(state, parts, Kind.SHARED, key_of_storm(reason), now)
    first.surprise = RECOGNISED
    rise(first, now)
    return first, others


def join_same(state: State, incident: Incident, entity: str, now: float) -> list[Incident]:
    """Merge what has the same value of a field and the same entities now, for another reason."""
    joined = []
    item = incident.shared_key.item
    for name in sorted({*state.shared.values()} - {incident.id}):
        other = state.incidents[name]
        if other.shared_key.item != item or not item[0] or entity not in other.entities:
            continue
        mine, theirs = (state.recent.members(one.id) for one in (incident, other))
        reason = other.shared_key.reason
        both = {
            one.entity
            for one in state.recent.seen
            if one.incident == incident.id and reason in one.reasons
        }
        if len(both) >= max(LEAST_SAME, PARTLY * min(len(mine), len(theirs))):
            joined.append(other)
    for other in joined:
        keys = [key for key in other.keys if key not in incident.keys]
        take_in(state, incident, [other], now)
        incident.keys += keys
    state.index(incident)
    return joined


def _is_part_of(state: State, incident: Incident, key: Key, share: float) -> bool:
    """Whether enough of an incident's recent members share something."""
    members = [one for one in state.recent.seen if one.incident == incident.id]
    return bool(members) and sum(_has(one, key) for one in members) >= share * len(members)


def _has(seen: Seen, key: Key) -> bool:
    return key.reason in seen.reasons and key.item in seen.items
