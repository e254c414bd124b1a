"""Incidents that turn out to have one cause become one."""

from anomaly_app.core.alerts.evidence import rise
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.state import State

Changed = tuple[Incident, list[Incident]]
"""An incident, and those that were merged into it."""


def merge(
    state: State, parts: list[Incident], kind: Kind, key: tuple[str, ...], now: float
) -> Changed:
    """Make one incident of several.

    Parameters
    ----------
    state
        It is changed.
    parts
        At least one. The one that people know of stays; otherwise the oldest.
    kind, key
        What the members have in common.
    now
        Seconds since the epoch.

    Returns
    -------
    Changed
        The incident that stays, and those that are a part of it now.
    """
    first, *others = sorted(parts, key=lambda part: (not _was_told(part), part.opened_at))
    state.unindex(first)
    if first.kind == Kind.ENTITY:
        first.shared_at = now
    first.kind, first.key = kind, key
    first.keys = [key] if kind == Kind.SHARED else []
    take_in(state, first, others, now)
    state.index(first)
    return first, others


def take_in(state: State, first: Incident, others: list[Incident], now: float) -> None:
    """Add the members of other incidents to an incident, which explains them from now on."""
    for other in others:
        state.unindex(other)
        first.absorb(other)
        other.merged_into, other.resolved = first.id, now
    names = {first.id} | {other.id for other in others}
    for one in state.recent.seen:
        if one.incident in names:
            if one.incident != first.id or not one.is_explained:
                state.recent.explain(one, first.id)
            if first.is_of_value:
                state.regime.discard(one.entity)
            else:
                state.regime.add_odd(one.entity, one.at)
    rise(first, now)


def _was_told(incident: Incident) -> bool:
    return any(told.version for told in incident.told.values())
