"""What a silence would have hidden: the retained log, replayed with it and without it."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.log import Entry
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.silencing import ActiveSilence
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.step import step
from anomaly_app.core.wording import number

FRAUD = "fraud"


class Logged(NamedTuple):
    """An entry of the log."""

    offset: int
    at: float
    """Its time, in seconds since the epoch."""
    entry: Entry


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a silence would have hidden."""

    begins: float | None
    ends: float | None
    """Times of the first and the last entry that were replayed, in seconds since the epoch."""
    told: int
    """Messages without the silence."""
    hidden: int
    """Those of them that there would not have been."""
    incidents: int
    """Incidents that they were about."""
    fraud: int
    """Those of the incidents that somebody has confirmed."""
    broken: int
    """Incidents of which people would have been told in spite of it, since they got worse."""

    @property
    def text(self) -> str:
        """The preview in one line."""
        if not self.told:
            return "nothing was told lately that it could have hidden"
        line = (
            f"it would have hidden {number(self.hidden)} of {_many(self.told, 'message')} about "
            f"{_many(self.incidents, 'incident')}, {number(self.fraud)} of them confirmed fraud"
        )
        if self.broken:
            line += f"; {_many(self.broken, 'incident')} would have broken it by getting worse"
        return line


def preview(entries: Iterable[Logged], silence: Silence, policy: Policy) -> Preview:
    """Replay entries of the log with a silence and without it.

    Parameters
    ----------
    entries
        In their order; silences of that time count in both replays.
    silence
        It counts for all of that time.
    policy
        How much people are told.
    """
    without, with_it = State(), State()
    begins = ends = None
    for offset, at, entry in entries:
        if begins is None:
            begins = at
            always = msgspec.structs.replace(silence, begins=0.0, ends=float("inf"))
            with_it.silences[silence.id] = ActiveSilence(always, is_warned=True)
        ends = at
        step(without, offset, entry, at, policy)
        step(with_it, offset, entry, at, policy)
    told, still = _messages(without), _messages(with_it)
    hidden = {name: told[name] - still.get(name, 0) for name in told}
    covered = {name for name, count in hidden.items() if count > 0}
    active = with_it.silences.get(silence.id)
    return Preview(
        begins=begins,
        ends=ends,
        told=sum(told.values()),
        hidden=sum(hidden[name] for name in covered),
        incidents=len(covered),
        fraud=sum(_is_fraud(without.incidents.get(name)) for name in covered),
        broken=0 if active is None else len(active.broken),
    )


def _messages(state: State) -> dict[str, int]:
    """Count the messages about each incident; edits of a message are none."""
    return {
        name: sum(told.messages for told in incident.told.values())
        for name, incident in state.incidents.items()
    }


def _many(count: int, what: str) -> str:
    return f"{number(count)} {what}" + ("" if count == 1 else "s")


def _is_fraud(incident: Incident | None) -> bool:
    return incident is not None and any(one.action == FRAUD for one in incident.standing)
