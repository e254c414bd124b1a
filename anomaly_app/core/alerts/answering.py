"""What people say: answers to incidents, and silences."""

import msgspec

from anomaly_app.core.alerts.digest import post
from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.notice import Answer, Note
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.silencing import ActiveSilence
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.learning.label import Undo

ACTIONS = frozenset({"fraud", "expected", "take"})

MOST_SILENCES = 500
"""More are refused: each is compared with each incident."""


def hear(
    state: State, said: Press | Undo | AddSilence | ExpireSilence, now: float
) -> list[Incident]:
    """Take in what somebody says; return the incidents that it may change."""
    match said:
        case Press():
            return _press(state, said)
        case Undo():
            return _undo(state, said)
        case AddSilence():
            return _add_silence(state, said, now)
        case ExpireSilence():
            return _expire_silence(state, said)


def _press(state: State, said: Press) -> list[Incident]:
    """Add an answer; return the incident that it changes, if there is one."""
    incident = find(state, said.incident)
    if incident is None or said.action not in ACTIONS:
        return []
    if any(one.id == said.id for one in incident.answers):
        return []
    answer = Answer(said.action, shortened(said.user), said.at, said.id)
    incident.add_answers(answer)
    incident.said += 1
    return [incident]


def _undo(state: State, said: Undo) -> list[Incident]:
    """Take back an answer; return the incident that it changes, if there is one."""
    for incident in state.incidents.values():
        for place, answer in enumerate(incident.answers):
            if answer.id == said.said and not answer.undone_by and not incident.merged_into:
                user = shortened(said.user) or "somebody"
                incident.answers[place] = msgspec.structs.replace(answer, undone_by=user)
                incident.said += 1
                return [incident]
    return []


def find(state: State, name: str) -> Incident | None:
    """Return an incident, or the one that it was merged into."""
    incident = state.incidents.get(name)
    while incident is not None and incident.merged_into:
        incident = state.incidents.get(incident.merged_into)
    return incident


def _add_silence(state: State, said: AddSilence, now: float) -> list[Incident]:
    """Add a silence; return the incidents that it covers."""
    silence = said.silence
    is_known = silence.id in state.silences
    if is_known or silence.ends <= now or len(state.silences) >= MOST_SILENCES:
        return []
    active = ActiveSilence(silence)
    state.silences[silence.id] = active
    covered = [one for one in state.incidents.values() if one.is_open and active.covers(one, now)]
    for incident in covered:
        active.learn(incident, now)
    return covered


def _expire_silence(state: State, said: ExpireSilence) -> list[Incident]:
    """End a silence; return the open incidents, of which it may have covered some."""
    if state.silences.pop(said.silence, None) is None:
        return []
    return [one for one in state.incidents.values() if one.is_open]


def look_at_silences(state: State, policy: Policy, now: float) -> list[Incident]:
    """Tell of silences that are about to end, and end those that are over."""
    ended = False
    for name, active in [*state.silences.items()]:
        silence = active.silence
        if silence.ends <= now:
            del state.silences[name]
            ended = True
        elif not active.is_warned and now >= active.warn_at(policy.warn_before):
            active.is_warned = True
            _warn(state, active, policy, now)
    return [one for one in state.incidents.values() if one.is_open] if ended else []


def _warn(state: State, active: ActiveSilence, policy: Policy, now: float) -> None:
    silence = active.silence
    minutes = (silence.ends - now) / 60.0
    going_on = sum(1 for one in state.incidents.values() if active.covers(one, now) and one.is_open)
    note = Note(
        title=f"A silence ends in {minutes:.0f} min",
        text=f"{silence.user} added it: {silence.note}. It covers {going_on} open incidents.",
    )
    for receiver in policy.routes[-1].receivers if policy.routes else ():
        post(state, receiver, "n", note, now)
