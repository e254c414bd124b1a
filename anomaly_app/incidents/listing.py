"""Incidents and silences as JSON, and as lines for people."""

from collections.abc import Iterable
from typing import Any

import msgspec

from anomaly_app.channels.document_json import incident_document
from anomaly_app.core.alerts.evidence import severity_of
from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.silencing import ActiveSilence
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.titles import title_of
from anomaly_app.core.alerts.views import view_of
from anomaly_app.core.times import LATEST, iso_time
from anomaly_app.core.visible import visible
from anomaly_app.terminal import table

LONGEST_CELL = 60

MOST_INCIDENTS = 1_000
"""In one answer."""


def incidents_in(state: State, *, is_all: bool) -> list[dict[str, Any]]:
    """Return the incidents, the latest first; only those that go on unless all are asked for."""
    found = [
        one for one in state.incidents.values() if one.is_open or (is_all and not one.merged_into)
    ]
    found.sort(key=lambda one: -one.last)
    return [_summary(one) for one in found[:MOST_INCIDENTS]]


def _summary(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "title": title_of(incident),
        "severity": severity_of(incident),
        "status": "open" if incident.is_open else "resolved",
        "opened": iso_time(incident.opened),
        "last": iso_time(incident.last),
        "anomalies": incident.members,
        "entities": len(incident.entities),
        "taken_by": incident.taken_by,
        "answers": [one.action for one in incident.standing],
        "told": sorted(name for name, told in incident.told.items() if told.done),
    }


def incident_in(state: State, name: str) -> dict[str, Any] | None:
    """Return an incident with all that is shown of it; None if there is none."""
    incident = state.incidents.get(name)
    if incident is None:
        return None
    found: dict[str, Any] = msgspec.json.decode(incident_document(view_of(incident)))
    receivers = {
        name: {"messages": told.messages, "waits": told.is_pending, "reference": told.reference}
        for name, told in incident.told.items()
    }
    return {**found, "merged_into": incident.merged_into or None, "receivers": receivers}


def silences_in(state: State, now: float) -> list[dict[str, Any]]:
    """Return the silences, the one that ends first first."""
    active = sorted(state.silences.values(), key=lambda one: one.silence.ends)
    return [_silence(one, state, now) for one in active]


def _silence(active: ActiveSilence, state: State, now: float) -> dict[str, Any]:
    silence = active.silence
    covered = sum(one.is_open and active.covers(one, now) for one in state.incidents.values())
    return {
        "id": silence.id,
        "matchers": list(silence.matchers),
        "incident": silence.incident or None,
        "begins": _time(silence.begins),
        "ends": _time(silence.ends),
        "note": silence.note,
        "user": silence.user,
        "covers": covered,
        "broken": active.broken,
    }


def _time(seconds: float) -> str:
    return iso_time(min(max(seconds, 0.0), LATEST - 1))


def silence_lines(silences: Iterable[dict[str, Any]]) -> list[str]:
    """Return silences as a table."""
    head = ("ID", "ENDS", "COVERS", "BROKEN", "BY", "WHAT", "WHY")
    return table([head, *map(_row, silences)])


def _row(silence: dict[str, Any]) -> tuple[str, ...]:
    what = " and ".join(silence["matchers"]) or f"incident {silence['incident']}"
    return (
        silence["id"],
        silence["ends"],
        str(silence["covers"]),
        str(len(silence["broken"])),
        *(visible(text, LONGEST_CELL) for text in (silence["user"], what, silence["note"])),
    )
