"""Many entities that are odd for one reason at once, with no value that explains all of them."""

from anomaly_app.core.alerts.evidence import rise
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.keys import key_of_storm
from anomaly_app.core.alerts.merging import Changed, merge
from anomaly_app.core.alerts.recent import LEAST_IN_STORM, PATIENCE, STORM
from anomaly_app.core.alerts.state import State

EVIDENCE = 5.0
"""The surprise that a storm counts as: that of an incident that is just recognised."""

LEAST_PARTS = 3
"""Incidents with other values of one field that are one, at least."""


def gather_parts(state: State, incident: Incident, now: float) -> Changed | None:
    """Make one incident of those that began together for one reason, each with another value.

    Two causes may begin at the same time; when there are more, it is everything at once.
    """
    key = incident.shared_key
    parts = {
        name: part
        for other, name in state.shared.items()
        if other.reason == key.reason
        and (part := state.incidents[name]).is_open
        and part.shared_at >= now - STORM
    }
    if sum(part.shared_key.field == key.field for part in parts.values()) < LEAST_PARTS:
        return None
    return merge(state, [*parts.values()], Kind.SHARED, key_of_storm(key.reason), now)


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
    first.surprise = EVIDENCE
    rise(first, now)
    return first, others
