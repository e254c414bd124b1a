"""Which incident of many entities an anomaly joins: one that goes on, or ended lately."""

from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.keys import Key, Seen, key_of_storm
from anomaly_app.core.alerts.policy import DAY
from anomaly_app.core.alerts.state import State

STILL = 2.5
"""The surprise down to which others may join: after the end, what chance gives stays apart."""

LEFT_OVER = DAY
"""Seconds for which the memory of an entity may be the reason why it is odd again."""


def fitting(state: State, seen: Seen, now: float, reopen_within: float) -> Incident | None:
    """Return the incident of many entities that an anomaly fits best, open or closed lately."""
    found = []
    for key in seen.possible_keys():
        incident = _joinable(state, key, now, reopen_within)
        if incident is not None:
            surprise = state.recent.surprise(
                key, state.background, now, incident=incident.id, entity=seen.entity
            )
            is_back = seen.entity in incident.entities and not incident.is_usual(now)
            if surprise >= STILL or is_back:
                found.append((surprise, incident.id))
    if found:
        return state.incidents[max(found)[1]]
    for reason in seen.reasons[:1]:
        storm = _joinable(state, key_of_storm(reason), now, reopen_within)
        if storm is not None:
            is_of_it = seen.entity in storm.entities
            if is_of_it or state.recent.is_going_on(reason, now, incident=storm.id):
                return storm
    return _left_over(state, seen, now)


def _joinable(state: State, key: Key, now: float, reopen_within: float) -> Incident | None:
    incident = state.incidents.get(state.shared.get(key, ""))
    if incident is None or incident.is_open:
        return incident
    is_lately = incident.resolved is not None and now < incident.resolved + reopen_within
    return incident if is_lately else None


def _left_over(state: State, seen: Seen, now: float) -> Incident | None:
    """Return the incident that an entity was odd in, if its memory is why it is odd still.

    A sum of a day stays large after large values.
    """
    if not seen.is_of_memory:
        return None
    found = [
        incident
        for key, name in state.shared.items()
        if key.reason == seen.reasons[0]
        and seen.entity in (incident := state.incidents[name]).entities
        and now < incident.last + LEFT_OVER
    ]
    return max(found, key=lambda incident: (incident.last, incident.opened_at), default=None)
