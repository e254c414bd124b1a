"""Incidents of many entities: what anomalies share that chance would hardly give.

Anomalies of many entities are one incident if they share a reason and the value of a field, and if
that value is rarer among other transactions and anomalies.
"""

from anomaly_app.core.alerts.evidence import rise
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.keys import Key, Seen
from anomaly_app.core.alerts.merging import Changed, merge, take_in
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.storms import gather_storm

RECOGNISED = 5.0
"""The surprise from which on anomalies of many entities are one incident."""

CLEARLY = 2.0
"""How much more surprising another value must be to take the place of the one that an incident's
members share."""

MOSTLY = 0.8
"""Share of an incident's members that must share what another incident has in common to join it."""

PARTLY = 0.5
"""The same for the incident of one entity."""

LEAST_SAME = 3
"""Entities that two incidents must have in common, at least, to be one."""


def another_cause(state: State, incident: Incident, seen: Seen, now: float) -> Key | None:
    """Return what an anomaly shares with a part of an incident that is a cause of its own.

    An incident of something common takes in what begins within it; when the part shares something
    that is more surprising than what all share, it is another cause.
    """
    if not incident.is_of_value:
        return None
    name, entity = incident.id, seen.entity
    surprise, key = _most_surprising(state, seen, now, name)
    if (
        key is None
        or surprise < RECOGNISED
        or key.item in {Key(*one).item for one in incident.keys}
    ):
        return None
    present = state.recent.surprise(
        incident.shared_key, state.background, now, incident=name, entity=entity
    )
    is_other = surprise >= present + RECOGNISED and not _is_part_of(state, incident, key)
    return key if is_other else None


def _most_surprising(
    state: State, seen: Seen, now: float, incident: str
) -> tuple[float, Key | None]:
    found = (
        (
            state.recent.surprise(
                key, state.background, now, incident=incident, entity=seen.entity
            ),
            key,
        )
        for key in seen.possible_keys()
    )
    return max(found, default=(0.0, None))


def take_apart(state: State, incident: Incident, key: Key, name: str) -> None:
    """Let another incident explain those of an incident's members that share something."""
    for one in state.recent.seen:
        if one.incident == incident.id and one.has(key):
            state.recent.explain(one, name)


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
    surprise, key = _most_surprising(state, seen, now, own)
    if key is None or surprise < RECOGNISED:
        return gather_storm(state, incident, now) or (incident, [])
    if incident.kind == Kind.REGIME:
        return incident, []
    if own:
        if incident.members == 1:
            # It has just come apart from another: those of single entities may belong to it.
            return _gather(state, incident, incident.shared_key, now)
        present = state.recent.surprise(
            incident.shared_key, state.background, now, incident=incident.id
        )
        if key in incident.keys or surprise < present + CLEARLY:
            return incident, []
    return _gather(state, incident, key, now)


def _gather(state: State, incident: Incident, key: Key, now: float) -> Changed:
    if not _is_part_of(state, incident, key):
        return incident, []
    names = {*state.shared.values(), *state.recent.incidents_of(key)}
    parts = [
        part
        for name in names
        if (part := state.incidents.get(name)) is not None
        and part.kind != Kind.REGIME
        and part.is_open
        and _is_part_of(state, part, key)
    ]
    joined = {entity for part in parts for entity in part.entities}
    if incident not in parts or len(joined) < max(2, PARTLY * len(state.recent.sharing(key))):
        return incident, []
    first, others = merge(state, parts, Kind.SHARED, key, now)
    first.surprise = state.recent.surprise(key, state.background, now, incident=first.id)
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
        if not other.is_open or other.is_usual(now):
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


def _is_part_of(state: State, incident: Incident, key: Key) -> bool:
    """Whether enough of an incident's recent members share something."""
    part = state.recent.part(incident.id, key)
    return part >= (PARTLY if incident.kind == Kind.ENTITY else MOSTLY)
