"""What would become of an anomaly now, stage by stage, without changing anything."""

from typing import NamedTuple

import msgspec

from anomaly_app.core.alerts.evidence import severity_of
from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.sighting import Origin, Sighting
from anomaly_app.core.alerts.stages import STAGES, Answer, Drop, Hold
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.step import step
from anomaly_app.core.alerts.telling import cases, recipients
from anomaly_app.core.alerts.titles import title_of
from anomaly_app.core.alerts.views import view_of
from anomaly_app.core.times import LATEST, iso_time

NOWHERE = Origin("", 0, 0)
"""The origin of an anomaly that is only asked about."""


class Asked(NamedTuple):
    """What the stages say for one receiver."""

    receiver: str
    stages: tuple[tuple[str, Answer], ...]
    """All of them; empty if there is nothing to tell this receiver."""


class Explanation(NamedTuple):
    """What would become of an anomaly."""

    incident: str
    title: str
    severity: str
    grouped_by: str
    members: int
    is_known: bool
    """Whether this very anomaly was taken in before."""
    is_new: bool
    """Whether it would open the incident."""
    asked: tuple[Asked, ...]


def explain(state: State, sighting: Sighting, policy: Policy, now: float) -> Explanation:
    """Explain what would become of an anomaly if it came now.

    Parameters
    ----------
    state
        It is not changed.
    sighting
        The anomaly.
    policy
        How much people are told.
    now
        Seconds since the epoch.

    Raises
    ------
    LookupError
        It becomes part of no incident.
    """
    before = State.from_bytes(state.to_bytes())
    is_known = sighting.id in before.ids
    before.ids.pop(sighting.id, None)
    after = State.from_bytes(before.to_bytes())
    asked_about = msgspec.structs.replace(sighting, origin=NOWHERE)
    step(after, after.next, asked_about, now, policy)
    incident = _incident_of(after, sighting)
    known = before.incidents.get(incident.id)
    # It may just have been told: what was told and spent before it came is what counts.
    incident.told = {} if known is None else known.told
    after.ledgers = before.ledgers
    return Explanation(
        incident.id,
        title_of(incident),
        severity_of(incident),
        view_of(incident).grouped_by,
        incident.members,
        is_known,
        known is None,
        tuple(_asked(after, incident, policy)),
    )


def _incident_of(state: State, sighting: Sighting) -> Incident:
    for incident in reversed(state.incidents.values()):
        if incident.latest == sighting.id and not incident.merged_into:
            return incident
    raise LookupError(f"anomaly {sighting.id} becomes part of no incident")


def _asked(state: State, incident: Incident, policy: Policy) -> list[Asked]:
    found = {name: Asked(name, ()) for name, _ in recipients(incident, policy)}
    for case, _ in cases(state, incident, policy, state.now):
        answers = tuple((stage.__name__, stage(case)) for stage in STAGES)
        found[case.receiver] = Asked(case.receiver, answers)
    return [*found.values()]


def lines_of(explanation: Explanation) -> list[str]:
    """Return an explanation for people."""
    verb = "would open" if explanation.is_new else "would join"
    again = "it was taken in before; if it came again, it " if explanation.is_known else "it "
    lines = [
        f"{again}{verb} incident {explanation.incident}: {explanation.title}",
        f"  {explanation.severity}, {explanation.members} anomalies, grouped by "
        f"{explanation.grouped_by}",
    ]
    for receiver, stages in explanation.asked:
        decided = next((answer for _, answer in stages if isinstance(answer, Hold | Drop)), None)
        if not stages:
            lines.append(f"{receiver}: nothing new to tell")
            continue
        lines.append(f"{receiver}: {'told now' if decided is None else _in_words(decided)}")
        width = max(len(name) for name, _ in stages)
        lines += [f"  {name.ljust(width)}  {_in_words(answer)}" for name, answer in stages]
    return lines or ["no route is for it"]


def _in_words(answer: Answer) -> str:
    match answer:
        case Hold(until=until, why=why):
            return f"held until {iso_time(min(until, LATEST - 1))}: {why}"
        case Drop(because=because):
            return f"no message: {because}"
    return "passes"
